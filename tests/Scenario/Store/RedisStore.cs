using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using Ops.Storage.Slots;
using Ops.Testing;

namespace Ops.StoreScenario;

/// <summary>A store of real nodes under the planner: observe, plan, execute, and remember what an operator remembers.</summary>
internal sealed class RedisStore : IAsyncDisposable
{
    private readonly IStoreEngine _engine;
    private readonly RedisNodes _nodes;
    private readonly List<string> _history = [];
    private readonly ReadWindow _reads = new();
    private int _replicas = 1;
    private TimeSpan _window;

    private RedisStore(IStoreEngine engine, RedisNodes nodes) => (_engine, _nodes) = (engine, nodes);

    internal RedisNodes Nodes => _nodes;

    internal StoreView View { get; private set; } = new() { Nodes = ImmutableSortedDictionary<string, NodeView>.Empty };

    internal StoreGoal Goal { get; private set; } = new() { Shards = [], MaxSteps = 500 };

    /// <summary>Everything that was done.</summary>
    internal List<StoreStep> Steps { get; } = [];

    /// <summary>What is known of the load; used once the store is filled.</summary>
    internal LoadWindow Load { get; } = new();

    /// <summary>Members that copy a primary of another shard.</summary>
    internal IEnumerable<NodeView> Lent => View.Nodes.Values.Where(node => node.PrimaryId is { } id && View.ById(id) is { } primary && Goal.ShardOf(primary.Member) != Goal.ShardOf(node.Member));

    /// <summary>What was planned last, for the message of a test that fails.</summary>
    internal string History => string.Join('\n', _history.Distinct().TakeLast(15));

    /// <summary>What the nodes said last, for the message of a test that fails.</summary>
    internal string Seen => string.Join("; ", Goal.Members.Select(member => View.Nodes.TryGetValue(member, out var node)
        ? $"{member} {node.Id[..8]} {(node.PrimaryId is { } primary ? $"copies {primary[..8]}{(node.LinkUp ? "" : " without a link")}" : $"has {node.Slots.Count} slots")} at {node.Offset}"
        : $"{member} ({Goal.Identities.GetValueOrDefault(member, "never seen")[..8]}) is silent"));

    internal IEnumerable<NodeView> Primaries => View.Nodes.Values.Where(node => node.IsPrimary && !node.Slots.IsEmpty);

    /// <summary>Starts the members of a store; skips the test where no redis-server can be had.</summary>
    internal static async Task<RedisStore> StartAsync(int shards, int replicas = 1)
    {
        var redis = await RedisBinary.FindAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(redis is null, RedisBinary.Missing);
        var store = new RedisStore(new RedisEngine(TimeProvider.System), RedisNodes.Redis(redis!)) { _replicas = replicas };
        await store.ScaleAsync(shards);
        return store;
    }

    /// <summary>The same of an engine that elects nobody; skips the test where no garnet-server can be had.</summary>
    internal static async Task<RedisStore> StartGarnetAsync(int shards)
    {
        var garnet = await GarnetBinary.FindAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(garnet is null, GarnetBinary.Missing);
        var store = new RedisStore(new GarnetEngine(TimeProvider.System), RedisNodes.Garnet(garnet!));
        store.Goal = store.Goal with { EngineElects = false };
        await store.ScaleAsync(shards);
        return store;
    }

    internal async Task ScaleAsync(int shards)
    {
        var kept = Math.Max(shards, Goal.Shards.Length);
        Goal = Goal with { Shards = [.. Enumerable.Range(0, kept).Select(shard => new ShardGoal($"s{shard}", [.. Enumerable.Range(0, _replicas + 1).Select(ordinal => $"s{shard}-{ordinal}")], Leaving: shard >= shards))] };
        foreach (var member in Goal.Members.Where(member => !_nodes.Members.ContainsKey(member)))
            await _nodes.StartAsync(member, TestContext.Current.CancellationToken);
    }

    /// <summary>Takes the members of drained shards away.</summary>
    internal async Task DropDrainedAsync()
    {
        foreach (var member in Goal.Shards.Where(shard => shard.Leaving).SelectMany(shard => shard.Members))
            await _nodes.StopAsync(member);
        var left = Goal.Shards.RemoveAll(shard => shard.Leaving);
        Goal = Goal with { Shards = left, Identities = Goal.Identities.RemoveRange(Goal.Members.Except(left.SelectMany(shard => shard.Members))) };
    }

    /// <summary>One round. A refused step is planned anew from what is then seen.</summary>
    internal async Task<StorePlan> ReconcileAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        View = await _engine.ObserveAsync(_nodes.Members, Goal.AnswerWithin, cancellation);
        var memory = new StoreMemory(Goal.Formed, Goal.Identities, Goal.Copies).Seen(View);
        Goal = Goal with { Formed = memory.Formed };
        if (Goal.Filled)
            await AddLoadAsync(cancellation);
        if (Goal.MigrationBarrier is not null)
            AddReads();
        var plan = StorePlanner.Next(View, Goal);
        memory = memory.Adopted(View, plan, Goal);
        Goal = Goal with { Identities = memory.Identities, Copies = memory.Copies };
        _history.Add($"{plan.Phase}: {plan.Reason}");
        try
        {
            foreach (var step in plan.Steps)
            {
                if (step is StoreStep.MoveSlot move)
                    Load.Moved([move.Slot], TimeProvider.System.GetUtcNow());
                if (step is StoreStep.Restart restart)
                    await RestartAsync(restart.Member, cancellation);
                else
                    await _engine.ExecuteAsync(step, View, cancellation);
                Steps.Add(step);
            }
        }
        catch (StoreEngineException refusal)
        {
            _history.Add(refusal.Message);
        }

        return plan;
    }

    /// <summary>The template of every member changes.</summary>
    internal void Upgrade() => Goal = Goal with { Outdated = [.. Goal.Members] };

    // As a pod that is deleted and made anew: the process ends in order, the volume stays.
    private async Task RestartAsync(string member, CancellationToken cancellation)
    {
        await _nodes.StartAsync(member, cancellation, at: _nodes.Members[member]);
        Goal = Goal with { Outdated = Goal.Outdated.Remove(member) };
    }

    /// <summary>From now on slots are placed by load.</summary>
    internal void PlaceByLoad() => Goal = Goal with { Filled = true, MaxSteps = 64 };

    /// <summary>From now on replicas are lent, for what was read in a window; slots stay where they are.</summary>
    internal void LendReplicas(TimeSpan window)
    {
        _window = window;
        Goal = Goal with { Filled = true, Rebalance = RebalanceMode.Off, MigrationBarrier = 1 };
    }

    /// <summary>From now on none is.</summary>
    internal void LendNone() => Goal = Goal with { MigrationBarrier = null };

    /// <summary>Replicas that copy the primary at an address.</summary>
    internal int ReplicasOf(StoreAddress address) => View.Nodes.Values.FirstOrDefault(node => node.Address == address && node.IsPrimary) is { } primary
        ? View.Nodes.Values.Count(node => node.PrimaryId == primary.Id)
        : int.MaxValue;

    private void AddReads()
    {
        _reads.Add(View, _window, TimeProvider.System.GetUtcNow());
        View = View with { Reads = _reads.Rates() };
    }

    private async Task AddLoadAsync(CancellationToken cancellation)
    {
        var now = TimeProvider.System.GetUtcNow();
        try
        {
            if (await _engine.SampleLoadAsync(View, cancellation) is { } sample)
                Load.Add(sample, now);
        }
        catch (StoreEngineException)
        {
            // An answer that did not come within its second is left out, as by the operator.
        }

        View = View with { SlotLoad = Load.Forecast(now), HottestKeys = Load.HottestKeys() };
        Goal = Goal with { Resting = Load.Resting(TimeSpan.FromSeconds(30), now) };
    }

    /// <summary>Reconciles until the store is whole and every replica follows.</summary>
    internal async Task SettleAsync()
    {
        for (var round = 0; round < 600; round++)
        {
            var plan = await ReconcileAsync();
            if (plan.Phase == StorePhase.Steady && View.Nodes.Values.All(node => node.IsPrimary || node.LinkUp) && View.Nodes.Count == _nodes.Members.Count)
                return;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"the store did not settle:\n{History}");
    }

    internal void ExpectWhole(int shards)
    {
        Primaries.Count().ShouldBe(shards);
        Primaries.Aggregate(SlotSet.Empty, (slots, node) => slots.Union(node.Slots)).ShouldBe(SlotSet.All);
        foreach (var primary in Primaries)
            View.Nodes.Values.Count(node => node.PrimaryId == primary.Id).ShouldBe(_replicas, primary.Member);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _nodes.DisposeAsync();
    }
}
