namespace Ops.Picking;

/// <summary>Turns the counters of successive looks at one replica into figures. Not thread-safe.</summary>
/// <remarks>
/// Over a window of the last 6 samples, d = newest - oldest:
/// seconds by output token = d inter-token seconds / d inter-token count
/// seconds by prompt token = (d prefill seconds - d prefills x seconds by output token + prior) / (d prompt tokens + prior tokens):
///     a prefill waits for the step that is running, whatever its length, and that part must not be blamed on its
///     tokens; the prior, one full batch of prompt tokens at 10,000 a second, keeps a few short prompts from deciding
/// mean output tokens      = generated tokens / finished requests, since the engine started
/// finish rate             = max(d finished, d generated tokens / mean output tokens) / d seconds, the larger because
///                           answers longer than the window finish outside it; an over-estimate only makes admission milder
/// A figure without news is unknown again: what a replica needed while it was full says nothing about it now, and a
/// replica that is avoided for an old figure would never get the chance to show a new one.
/// A counter that falls means a new engine: the window begins again.
/// </remarks>
public sealed class ObservationWindow
{
    private const int Length = 6;

    // vLLM's max-num-batched-tokens by default, in the time of 10,000 tokens a second.
    private const double PriorPromptTokens = 8192;
    private const double PriorPrefillSeconds = PriorPromptTokens * 1e-4;

    private readonly (long AtMs, EngineSample Sample)[] _ring = new (long, EngineSample)[Length];
    private int _oldest;
    private int _count;
    private ReplicaFigures _last = new();

    /// <summary>How often the engine was seen to begin anew.</summary>
    public int Restarts { get; private set; }

    /// <summary>Takes a sample in.</summary>
    /// <param name="sample">The counters.</param>
    /// <param name="atMs">When they were read.</param>
    /// <param name="own">The router's own requests at the replica at that moment.</param>
    public ReplicaFigures Add(in EngineSample sample, long atMs, int own)
    {
        if (_count > 0 && sample.BeganAfter(_ring[(_oldest + _count - 1) % Length].Sample))
        {
            _count = 0;
            Restarts++;
        }

        if (_count == Length)
        {
            _oldest = (_oldest + 1) % Length;
            _count--;
        }

        _ring[(_oldest + _count) % Length] = (atMs, sample);
        _count++;
        _last = Derive(sample, atMs, own);
        return _last;
    }

    /// <summary>Takes over what another window has seen.</summary>
    public void CopyFrom(ObservationWindow other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other._ring.CopyTo(_ring, 0);
        (_oldest, _count, _last) = (other._oldest, other._count, other._last);
    }

    private ReplicaFigures Derive(in EngineSample sample, long atMs, int own)
    {
        ref readonly var oldest = ref _ring[_oldest];
        ref readonly var first = ref oldest.Sample;
        var seconds = (atMs - oldest.AtMs) / 1000.0;
        var meanOutput = Ratio(sample.GeneratedTokens, sample.FinishedRequests, _last.MeanOutputTokens);
        var finished = sample.FinishedRequests - first.FinishedRequests;
        var byTokens = Ratio(sample.GeneratedTokens - first.GeneratedTokens, meanOutput, 0);
        var running = Requests(sample.Running);
        var waiting = Requests(sample.Waiting);
        var perOutputToken = Ratio(sample.InterTokenSeconds - first.InterTokenSeconds, sample.InterTokenCount - first.InterTokenCount, 0);
        return new ReplicaFigures
        {
            ObservedAtMs = atMs,
            OwnAtObservation = own,
            Running = running,
            Waiting = waiting,
            // A queue shows where the batch ends; a larger batch without one shows that it ends later.
            BatchLimit = waiting > 0 ? running : _last.BatchLimit == 0 ? 0 : Math.Max(_last.BatchLimit, running),
            KvCacheUsage = Math.Clamp(sample.KvCacheUsage, 0, 1),
            FinishRate = Ratio(Math.Max(finished, byTokens), seconds, 0),
            SecondsPerPromptToken = PerPromptToken(sample, first, perOutputToken),
            SecondsPerOutputToken = perOutputToken,
            MeanOutputTokens = meanOutput,
            Adapters = sample.Adapters,
        };
    }

    // No engine holds a million requests: such a figure is a mistake, and the replica is judged by own counts.
    private static int Requests(double count) => count is >= 0 and < 1e6 ? (int)count : 0;

    private static double PerPromptToken(in EngineSample sample, in EngineSample first, double step)
    {
        var tokens = sample.PromptTokens - first.PromptTokens;
        // An engine without a histogram of prefills shows at least its first tokens, queueing included.
        var (seconds, count) = sample.PrefillSeconds > 0
            ? (sample.PrefillSeconds - first.PrefillSeconds, sample.PrefillCount - first.PrefillCount)
            : (sample.FirstTokenSeconds - first.FirstTokenSeconds, sample.FirstTokenCount - first.FirstTokenCount);
        if (tokens <= 0 || seconds <= 0)
            return 0;
        return (Math.Max(0, seconds - count * step) + PriorPrefillSeconds) / (tokens + PriorPromptTokens);
    }

    private static double Ratio(double part, double whole, double otherwise) => whole > 0 && part > 0 ? part / whole : otherwise;
}
