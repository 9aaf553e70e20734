namespace Ops.Router;

/// <summary>Turns the counters of successive scrapes of one replica into figures.</summary>
/// <remarks>
/// Over a window of the last 10 scrapes, d = newest - oldest:
/// seconds by prompt token = d prefill seconds / d prompt tokens   (vLLM without the prefill histogram: d first-token seconds)
/// seconds by output token = d inter-token seconds / d inter-token count
/// mean output tokens      = generated tokens / finished requests, since the engine started
/// finish rate             = max(d finished, d generated tokens / mean output tokens) / d seconds, the larger because
///                           answers longer than the window finish outside it; an over-estimate only makes admission milder
/// A figure without news keeps its last value. A counter that falls means a new engine: the window begins again.
/// </remarks>
internal sealed class ScrapeState
{
    private const int WindowLength = 10;

    private readonly Queue<(long AtMs, EngineSample Sample)> _window = new(WindowLength);
    private ReplicaFigures _last = new();

    /// <summary>When the next scrape is due, in milliseconds.</summary>
    internal long DueMs { get; set; }

    /// <summary>Whether a scrape is under way; set and cleared by the scraper's loop and its scrapes.</summary>
    internal int Busy;

    /// <summary>Failures in a row.</summary>
    internal int Failures { get; set; }

    /// <summary>GPU joules at the last scrape; null before the first.</summary>
    internal double? EnergyJoules { get; private set; }

    /// <summary>Takes a scrape in.</summary>
    /// <param name="sample">The counters.</param>
    /// <param name="atMs">When they were read.</param>
    /// <param name="own">This router's requests at the replica at that moment.</param>
    /// <param name="joules">GPU joules since the previous scrape; 0 on the first.</param>
    internal ReplicaFigures Add(in EngineSample sample, long atMs, int own, out double joules)
    {
        joules = EnergyJoules is { } before ? sample.EnergyJoules - before : 0;
        // After a restart the counter began at 0 again; what it shows was used since.
        if (joules < 0)
            joules = sample.EnergyJoules;
        EnergyJoules = sample.EnergyJoules;

        if (_window.Count > 0 && sample.BeganAfter(_window.Last().Sample))
            _window.Clear();
        if (_window.Count == WindowLength)
            _window.Dequeue();
        _window.Enqueue((atMs, sample));
        _last = Derive(sample, atMs, own);
        return _last;
    }

    private ReplicaFigures Derive(in EngineSample sample, long atMs, int own)
    {
        var (firstAt, first) = _window.Peek();
        var seconds = (atMs - firstAt) / 1000.0;
        var prefill = sample.PrefillSeconds > 0 ? sample.PrefillSeconds - first.PrefillSeconds : sample.FirstTokenSeconds - first.FirstTokenSeconds;
        var meanOutput = Ratio(sample.GeneratedTokens, sample.FinishedRequests, _last.MeanOutputTokens);
        var finished = sample.FinishedRequests - first.FinishedRequests;
        var byTokens = Ratio(sample.GeneratedTokens - first.GeneratedTokens, meanOutput, 0);
        var running = (int)sample.Running;
        var waiting = (int)sample.Waiting;
        return new ReplicaFigures
        {
            ObservedAtMs = atMs,
            OwnAtObservation = own,
            Running = running,
            Waiting = waiting,
            // A queue shows where the batch ends; a larger batch without one shows that it ends later.
            BatchLimit = waiting > 0 ? running : _last.BatchLimit == 0 ? 0 : Math.Max(_last.BatchLimit, running),
            KvCacheUsage = Math.Clamp(sample.KvCacheUsage, 0, 1),
            FinishRate = Ratio(Math.Max(finished, byTokens), seconds, _last.FinishRate),
            SecondsPerPromptToken = Ratio(prefill, sample.PromptTokens - first.PromptTokens, _last.SecondsPerPromptToken),
            SecondsPerOutputToken = Ratio(sample.InterTokenSeconds - first.InterTokenSeconds, sample.InterTokenCount - first.InterTokenCount, _last.SecondsPerOutputToken),
            MeanOutputTokens = meanOutput,
        };
    }

    private static double Ratio(double part, double whole, double otherwise) => whole > 0 && part > 0 ? part / whole : otherwise;
}
