using Ops.Bench.Rca;
using Ops.Learning;
using Ops.Picking;
using Ops.Traces;

namespace Ops.Bench.Routing;

/// <summary>Workloads and objectives of the routing bench. The traces lie beside the checkout.</summary>
internal sealed class RoutingInputs
{
    /// <summary>A route's defaults: 1 s, 100 ms, 30 s, 60 s.</summary>
    internal static readonly Objective Chat = Objective.Default;

    /// <summary>Completions while somebody types: 28 tokens on average, worth little after 5 s and nothing after 10.</summary>
    internal static readonly Objective Completion = new(1, 0.1, 5, 10);

    // 40 % without a task, 30 % chat, 20 % code, 10 % math.
    private static readonly TaskMix Mix = new([0.4, 0.3, 0.2, 0.1]);
    private static readonly TaskMix Shifted = new([0.4, 0.3, 0.2, 0.1], [0.1, 0.1, 0.3, 0.5], 200);

    private readonly Trace _conv;
    private readonly Trace _code;
    private readonly Lengths _chat;

    private RoutingInputs(Trace conv, Trace code)
    {
        (_conv, _code) = (conv, code);
        _chat = Lengths.Of(conv);
    }

    /// <summary>The conversation trace itself.</summary>
    internal Trace ConversationTrace => _conv;

    /// <summary>Prompt and answer lengths of the conversation trace.</summary>
    internal Lengths ChatLengths => _chat;

    /// <exception cref="BenchCannotRunException">A trace is not there.</exception>
    internal static RoutingInputs Load() => new(Read("azure-llm-2023-conv.csv"), Read("azure-llm-2023-code.csv"));

    /// <summary>The code trace's gaps: CV 13.</summary>
    internal Workload Code(double rate, double seconds, int seed) => Workloads.OfTrace(_code, rate, seconds, Place(seed), Mix);

    internal Workload Conversation(double rate, double seconds, int seed) => Workloads.OfTrace(_conv, rate, seconds, Place(seed), Mix);

    /// <summary>A third of the time at three times the mean rate and a bit, else at nearly nothing.</summary>
    internal Workload Bursty(double rate, double seconds, int seed) => Workloads.Bursts(rate * 0.1, rate * 2.8, 12, 6, seconds, _chat, 1000 + seed, Mix);

    internal Workload Steady(double rate, double seconds, int seed) => Workloads.Poisson(rate, seconds, _chat, 2000 + seed, Mix);

    /// <summary>From 200 s on half of the requests are math.</summary>
    internal Workload Shift(double rate, double seconds, int seed) => Workloads.Poisson(rate, seconds, _chat, 3000 + seed, Shifted);

    /// <summary>A day in one run: from an eighth of the rate to twice it and back.</summary>
    internal Workload Day(double rate, double seconds, int seed) => Workloads.Diurnal(rate / 8, rate * 2, seconds, _chat, 4000 + seed, Mix);

    /// <summary>Half of the rate, and at a third of the run four times it, which decays in 30 s.</summary>
    internal Workload Crowd(double rate, double seconds, int seed) => Workloads.FlashCrowd(rate / 2, rate * 4, seconds / 3, 30, seconds, _chat, 5000 + seed, Mix);

    // Ten places along the trace.
    private static double Place(int seed) => ((seed * 0.37) + 0.05) % 1;

    private static Trace Read(string name)
    {
        var path = Path.GetFullPath(Path.Combine(RcaData.Root(), "..", "shared", "data", "traces", name));
        return File.Exists(path) ? TraceFile.Load(path) : throw new BenchCannotRunException($"{path} is not there: the bench replays this public trace (AzurePublicDataset).");
    }
}
