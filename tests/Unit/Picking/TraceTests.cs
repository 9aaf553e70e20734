using Ops.Traces;
using Ops.Picking.Replay;

namespace Ops.Picking.Tests;

/// <summary>Prefix affinity and length estimates on public traces.</summary>
public sealed class TraceTests(ITestOutputHelper output)
{
    private const string Mooncake = "mooncake-conversation.jsonl";

    [Theory]
    [InlineData(1_024)]
    [InlineData(16_384)]
    public void Prefix_affinity_finds_what_round_robin_and_least_loaded_miss(int blocks)
    {
        var replay = new PrefixReplay(Load(Mooncake), replicas: 8, blocks);
        var ideal = replay.Ideal();
        var (roundRobin, leastLoaded) = (replay.RoundRobin(), replay.LeastLoaded());
        var ours = replay.Scorers(new PickRules { Prefixes = new PrefixIndex() });
        output.WriteLine($"{blocks} blocks a cache: ideal {ideal:F3}, round robin {roundRobin}, least loaded {leastLoaded}, scorers {ours}");

        ours.HitRate.ShouldBeGreaterThan(1.3 * Math.Max(roundRobin.HitRate, leastLoaded.HitRate));
        ours.HitRate.ShouldBeLessThanOrEqualTo(ideal);
        ours.BusiestShare.ShouldBeLessThan(1.25);
    }

    [Theory]
    [InlineData(Mooncake, 0.2)]
    [InlineData("azure-llm-2023-conv.csv", 0.7)]
    // Nothing to learn: even the mean of each half octave of the whole file, known beforehand, ranks with 0.06 only.
    [InlineData("azure-llm-2023-code.csv", -0.05)]
    public void Expected_lengths_rank_answers_as_far_as_the_trace_lets_them(string file, double atLeast)
    {
        var (predicted, actual) = LengthReplay.Run(Load(file), new OnlineLengthEstimator());
        var rank = LengthReplay.Spearman(predicted, actual);
        output.WriteLine($"{file}: Spearman {rank:F3}, mean predicted {predicted.Average():F0}, true {actual.Average():F0}");

        rank.ShouldBeGreaterThan(atLeast);
        predicted.Average().ShouldBeInRange(actual.Average() / 1.2, actual.Average() * 1.2);
    }

    [Fact]
    public void Shortest_expected_first_lowers_the_mean_latency_of_a_simulated_queue()
    {
        // 40 slots for the 38 that the trace keeps busy on average.
        var trace = Load("azure-llm-2023-conv.csv");
        var (predicted, actual) = LengthReplay.Run(trace, new OnlineLengthEstimator());
        var inOrder = LengthReplay.MeanLatency(trace, 40, keys: null);
        var expected = LengthReplay.MeanLatency(trace, 40, predicted);
        var known = LengthReplay.MeanLatency(trace, 40, actual);
        output.WriteLine($"mean latency in a simulated queue: in order {inOrder:F2} s, shortest expected first {expected:F2} s, lengths known {known:F2} s");

        expected.ShouldBeLessThan(inOrder);
    }

    private static Trace Load(string file)
    {
        var path = TraceData.Find(file);
        Assert.SkipWhen(path is null, TraceData.Missing(file));
        return TraceFile.Load(path!);
    }
}
