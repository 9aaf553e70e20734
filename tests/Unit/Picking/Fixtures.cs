using System.Collections.Immutable;
using CsCheck;

namespace Ops.Picking.Tests;

/// <summary>Builds snapshots by hand and at random.</summary>
internal static class Fixtures
{
    internal const long Now = 1_000_000;

    internal static readonly RequestFeatures Chat = new() { PromptTokens = 100, MaxTokens = 100, Streaming = true, NowMs = Now };

    internal static ReplicaState Replica(string name, int running = 0, int waiting = 0, int own = 0, double finishRate = 0, long? observedAt = Now)
    {
        var load = new ReplicaLoad();
        for (var i = 0; i < own; i++)
            load.Enter();
        return new ReplicaState
        {
            Name = name,
            Address = $"http://{name}:8000",
            Load = load,
            ObservedAtMs = observedAt,
            OwnAtObservation = own,
            Running = running,
            Waiting = waiting,
            BatchLimit = waiting > 0 ? running : 0,
            FinishRate = finishRate,
        };
    }

    internal static VariantState Variant(string pool, double quality, params ReplicaState[] replicas) =>
        new() { Pool = pool, Quality = [quality], Replicas = [.. replicas] };

    internal static RouteSnapshot Route(params VariantState[] variants) => Route(Objective.Default, variants);

    internal static RouteSnapshot Route(Objective objective, params VariantState[] variants) =>
        RouteSnapshot.Create("default/chat", objective, [RouteSnapshot.DefaultTask], [.. variants]);

    internal static RouteSnapshot Route(PickRules rules, params VariantState[] variants) =>
        RouteSnapshot.Create("default/chat", Objective.Default, [RouteSnapshot.DefaultTask], [.. variants], rules);

    internal static Choice Choose(this RouteSnapshot route, IPolicy policy) => Chooser.Choose(route, policy, Chat, default);

    /// <summary>Any replica: idle, busy, queueing, stale, never seen, suspect.</summary>
    internal static readonly Gen<ReplicaState> AnyReplica =
        from running in Gen.Int[0, 300]
        from waiting in Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 500]))
        from own in Gen.Int[0, 20]
        from started in Gen.Int[-5, 5]
        from age in Gen.OneOf(Gen.Const((long?)null), Gen.Long[0, 20_000].Select(a => (long?)(Now - a)))
        from suspect in Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))
        from finish in Gen.OneOf(Gen.Const(0.0), Gen.Double[0.01, 20])
        from kv in Gen.Double[0, 1]
        from prompt in Gen.OneOf(Gen.Const(0.0), Gen.Double[1e-5, 1e-2])
        from output in Gen.OneOf(Gen.Const(0.0), Gen.Double[0.005, 0.3])
        select Make(running, waiting, own, started, age, suspect, finish, kv, prompt, output);

    internal static readonly Gen<RouteSnapshot> AnyRoute =
        from objective in Gen.Select(Gen.Double[0.05, 5], Gen.Double[0.01, 0.3], Gen.Double[1, 40], Gen.Double[1, 60], (ttft, tpot, soft, more) => new Objective(ttft, tpot, soft, soft + more))
        from variants in Gen.Select(Gen.Double[0, 1].Array[2], AnyReplica.Array[0, 6], (quality, replicas) => (quality, replicas)).Array[1, 6]
        select RouteSnapshot.Create("default/any", objective, [RouteSnapshot.DefaultTask, "code"],
            [.. variants.Select((v, i) => new VariantState { Pool = $"pool-{i}", Quality = [.. v.quality], Replicas = [.. v.replicas] })]);

    internal static readonly Gen<RequestFeatures> AnyRequest =
        from task in Gen.Int[0, 1]
        from prompt in Gen.Int[0, 50_000]
        from max in Gen.OneOf(Gen.Const((int?)null), Gen.Int[1, 4_000].Select(m => (int?)m))
        from streaming in Gen.Bool
        from elapsed in Gen.Frequency((3, Gen.Const(0.0)), (1, Gen.Double[0, 30]))
        from spread in Gen.UInt
        select new RequestFeatures { Task = task, PromptTokens = prompt, MaxTokens = max, Streaming = streaming, ElapsedSeconds = elapsed, NowMs = Now, Spread = spread };

    internal static readonly Gen<IPolicy> AnyPolicy = Gen.Int[0, 5].Select(i => (IPolicy)(i switch { 0 => new LadderPolicy(), 1 => new GreedyPolicy(), 2 => new StaticPolicy("pool-0"), 3 => new PricePolicy(), 4 => new RoundRobinPolicy(), _ => new StaticPolicy("pool-3") }));

    private static ReplicaState Make(int running, int waiting, int own, int started, long? age, bool suspect, double finish, double kv, double prompt, double output)
    {
        var load = new ReplicaLoad();
        for (var i = 0; i < Math.Max(0, own + started); i++)
            load.Enter();
        if (suspect)
            load.Suspect(Now + 500);
        return new ReplicaState
        {
            Name = "r",
            Address = "http://r:8000",
            Load = load,
            ObservedAtMs = age,
            OwnAtObservation = own,
            Running = running,
            Waiting = waiting,
            BatchLimit = waiting > 0 ? running : 0,
            FinishRate = finish,
            KvCacheUsage = kv,
            SecondsPerPromptToken = prompt,
            SecondsPerOutputToken = output,
        };
    }
}
