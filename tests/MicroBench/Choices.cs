using BenchmarkDotNet.Attributes;
using Ops.Picking;

namespace Ops.MicroBench;

/// <summary>The choice of a variant and a replica, with a prompt of eight blocks and a session.</summary>
[MemoryDiagnoser]
public class Choices
{
    private const long NowMs = 1_000_000;

    private readonly LadderPolicy _policy = new();
    private readonly ulong[] _blocks = [.. Enumerable.Range(1, 8).Select(i => (ulong)i)];
    private RouteSnapshot _route = null!;
    private uint _spread;

    /// <summary>Variants by replicas of each.</summary>
    [Params("1x8", "8x64", "1x1000")]
    public string Fleet { get; set; } = "";

    /// <summary>Builds the fleet.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        var prefixes = new PrefixIndex();
        var sizes = Fleet.Split('x').Select(int.Parse).ToArray();
        _route = RouteSnapshot.Create("bench/chat", Objective.Default, [RouteSnapshot.DefaultTask], [.. Enumerable.Range(0, sizes[0]).Select(v => new VariantState
        {
            Pool = $"pool-{v}",
            Quality = [0.5 + (v * 0.05)],
            Replicas = [.. Enumerable.Range(0, sizes[1]).Select(r => Replica(r, random) with { Cache = prefixes.NewCache() })],
        })], new PickRules { Prefixes = prefixes });
        Chooser.Sent(_route, Request(), Chooser.Choose(_route, _policy, Request(), default));
    }

    /// <summary>One choice.</summary>
    [Benchmark]
    public Choice Choose() => Chooser.Choose(_route, _policy, Request(), default);

    private RequestFeatures Request() => new()
    {
        PromptTokens = 9 * PromptHasher.BlockTokens,
        PromptBlocks = _blocks,
        Session = 7,
        MaxTokens = 200,
        ExpectedOutputTokens = 150,
        Streaming = true,
        NowMs = NowMs,
        Spread = _spread++,
    };

    private static ReplicaState Replica(int index, Random random) => new()
    {
        Name = $"pod-{index}",
        Address = $"http://replica-{index}:8000",
        Load = new ReplicaLoad(),
        ObservedAtMs = NowMs,
        Running = random.Next(64),
        KvCacheUsage = random.NextDouble() * 0.8,
    };
}
