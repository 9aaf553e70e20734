using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Router.Tests;

/// <summary>What a choice sees of other models' engines on the same GPUs.</summary>
public sealed class NeighbourTests
{
    // 1 ms for a prompt token, 10 ms for a step.
    private static readonly ServingCurve Curve = new([0.01], [1], 70, 0.001, 0.1);

    [Fact]
    public void Prompts_at_a_neighbour_count_as_backlog_of_those_that_share_a_GPU_with_it()
    {
        var source = new TableSource();
        using var fleet = new ModelFleet(source, new RouterMetrics(() => 0), new PrefixIndex(1024));
        source.Set(TableSource.Route(
            Variant("large", At("a", 8000, 0, 2), At("b", 8000, 0, 2)),
            Variant("small", At("a", 8001, 0, 1), At("a", 8002, 1, 1)),
            Variant("apart", new ReplicaAddress("c", "http://10.0.0.3:8000"))));

        // 500 prompt tokens at the second GPU of pod a.
        Load("http://10.0.0.1:8002").Sent(500);

        Backlog("http://10.0.0.1:8000").ShouldBe(0.5, 1e-9);
        Backlog("http://10.0.0.1:8001").ShouldBe(0);
        Backlog("http://10.0.0.1:8002").ShouldBe(0);
        Backlog("http://10.0.0.2:8000").ShouldBe(0);
        Backlog("http://10.0.0.3:8000").ShouldBe(0);

        Load("http://10.0.0.1:8000").Sent(100);
        Backlog("http://10.0.0.1:8001").ShouldBe(0.1, 1e-9);
        Backlog("http://10.0.0.1:8002").ShouldBe(0.1, 1e-9);

        // The neighbour is gone with the next table.
        source.Set(TableSource.Route(Variant("large", At("a", 8000, 0, 2), At("b", 8000, 0, 2))));
        Backlog("http://10.0.0.1:8000").ShouldBe(0);

        ReplicaLoad Load(string url) => State(url).Load;
        ReplicaState State(string url) => fleet.Current.Routes[0].Snapshot.Variants.SelectMany(variant => variant.Replicas).Single(replica => replica.Address == url);
        double Backlog(string url) => State(url).Neighbours.Select(neighbour => neighbour.Load.PendingPromptTokens * neighbour.SecondsPerPromptToken).DefaultIfEmpty().Max();
    }

    private static VariantConfig Variant(string pool, params ReplicaAddress[] replicas) => TableSource.Variant(pool, 0.5, replicas) with { Curve = Curve };

    private static ReplicaAddress At(string pod, int port, int firstGpu, int gpus) =>
        new($"{pod}-{port}", $"http://10.0.0.{(pod == "a" ? 1 : 2)}:{port}") { Gpus = new GpuSlice(pod, firstGpu, gpus) };
}
