using System.Collections.Immutable;
using System.Net;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Operator.Fleet;
using Ops.Planning;
using Ops.Planning.Pools;
using Ops.Planning.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using Ops.Storage.Planning;

namespace Ops.Operator.Stores;

/// <summary>
/// One ShardedStore: apply its objects, ask its nodes, plan one bounded step, show, carry it out. All choices are the
/// planners'. What must be remembered is in the status before a step is taken, so a successor goes on from any point.
/// </summary>
internal sealed partial class StoreReconciler(
    KubeClient client,
    FleetCaches caches,
    StoreConnections connections,
    StoreCopies copying,
    ApplyWriter writer,
    StatusWriter statuses,
    EventRecorder events,
    ILeadership leadership,
    TimeProvider time,
    ILogger<StoreReconciler> logger) : IReconciler
{
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterWrongSecret = TimeSpan.FromSeconds(5);
    // Not 0: that would take the pod's name away before its machine has said that the process is gone.
    private static readonly TimeSpan HungEndsWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenNumbers = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (caches.Stores.Get(key) is not { Metadata.DeletionTimestamp: null } cached)
        {
            await connections.DropAsync(key);
            StoreMetrics.Forget(key);
            return Requeue.None;
        }

        var connection = await connections.OfAsync(key, cached);
        var store = connection.Current(cached);
        var sets = await SetsAsync(store, key, cancellationToken);
        var trouble = store.Spec.Suspend ? null : await ApplyAsync(store, sets, cancellationToken);

        var now = time.GetUtcNow();
        var shards = Math.Max(store.Spec.EffectiveShards, sets.Select(StoreObjects.ShardIndex).DefaultIfEmpty(-1).Max() + 1);
        var pods = caches.PodsByStore[key.ToString()].ToList();
        var goal = StoreGoals.Aged(StoreGoals.Renewing(StoreGoals.Goal(store, shards, now), sets, pods), pods, now);
        var (members, secret) = await StoreAccess.KeepAsync(store, connection, StoreGoals.Members(goal, pods), leadership.IsLeader, cancellationToken);
        if (!StoreAccess.IsKnown(store, connection))
            trouble ??= secret;
        var view = await connection.Engine.ObserveAsync(members, goal.AnswerWithin, cancellationToken);
        var memory = StoreGoals.Memory(store).Seen(view);
        var users = await connection.Users.KeepAsync(store, Belief.Of(view, memory.Formed, memory.Identities.Values).View, leadership.IsLeader, cancellationToken);
        view = await connection.Load.AddToAsync(view, wanted: goal.Rebalance == RebalanceMode.Load && memory.Formed && !store.Spec.Suspend);
        if (goal.MigrationBarrier is not null)
            view = connection.Load.AddReads(view, store.Spec.Rebalancing.ReplicaMigration.EffectiveAfter);
        goal = StoreGoals.With(goal, memory, store, view) with { Resting = connection.Load.Resting(store.Spec.Rebalancing.EffectiveCooldown) };
        var plan = StorePlanner.Next(view, goal);
        memory = memory.Adopted(view, plan, goal);
        var job = await copying.JobAsync(store, cancellationToken);
        var copies = Copies(store, connection, view, plan, job, now);

        var fresh = connection.NumbersShown is not { } shown || now - shown >= BetweenNumbers;
        var status = StoreStatusPlanner.Plan(new(store, goal, view, plan, memory, trouble, secret ?? PodTrouble.Worst(pods, null) ?? users.Problem, fresh, fresh ? connection.Load.Report() : null, now) { Copies = copies, Users = users });
        if (fresh)
            connection.NumbersShown = now;
        if (plan.Phase is StorePhase.FailingOver or StorePhase.Restarting or StorePhase.Rebalancing or StorePhase.Upgrading or StorePhase.Lending && store.Status?.Phase != status.Phase)
            events.Normal(store, plan.Phase.ToString(), plan.Reason);
        await ShowAsync(cached, status, cancellationToken);
        connection.Written = (cached.Metadata.ResourceVersion, status);
        StoreMetrics.Show(key, store.Status, status);

        if (store.Spec.Suspend || trouble is not null)
            return Requeue.After(trouble is not null && trouble == secret ? AfterWrongSecret : AfterRefusal);
        await ExecuteAsync(key, connection, plan, view, pods, cancellationToken);
        foreach (var set in Drained(sets, connection, goal, view, plan, now))
            await writer.DeleteAsync(set, cancellationToken: cancellationToken);
        await copying.TakeAsync(store, copies, job, goal, view, cancellationToken);
        connection.Restored = await copying.RestoreAsync(store, copies.Restore, connection, sets, pods, view, cancellationToken);
        return Requeue.After(connection.Copying is null ? StorePace.Next(plan, view, goal) : TimeSpan.FromMilliseconds(1));
    }

    // A restore that went on since the last status is shown, and so remembered, with this one.
    private static CopyState Copies(ShardedStore store, StoreConnections.Connection connection, StoreView view, StorePlan plan, V1Job? job, DateTimeOffset now)
    {
        var steady = plan.Phase == StorePhase.Steady;
        var (restore, refused) = RestorePlanner.Begin(store, view, steady);
        restore = connection.Restored is { } done && restore is not null && done.ShardsDone > restore.ShardsDone ? done : restore;
        return new(BackupPlanner.Next(store, job, steady && !RestorePlanner.IsUnderWay(store), now), restore, refused);
    }

    // Sets with our label, and any other that has the name of one of the shards: it must be seen, or it would be taken over.
    private async Task<IReadOnlyList<V1StatefulSet>> SetsAsync(ShardedStore store, ObjectKey key, CancellationToken cancellationToken)
    {
        var sets = caches.SetsByStore[key.ToString()].ToList();
        for (var shard = 0; shard < store.Spec.EffectiveShards; shard++)
        {
            var name = StoreObjects.SetName(store, shard);
            if (sets.All(set => set.Metadata.Name != name) && await client.GetAsync<V1StatefulSet>(key.Namespace, name, cancellationToken) is { } other)
                sets.Add(other);
        }

        return sets;
    }

    private async Task<PlanProblem?> ApplyAsync(ShardedStore store, IReadOnlyList<V1StatefulSet> sets, CancellationToken cancellationToken)
    {
        var services = new List<V1Service>();
        foreach (var name in (string[])[StoreObjects.Name(store), StoreObjects.NodesName(store)])
        {
            var service = new ObjectKey(store.Metadata.NamespaceProperty, name);
            if ((caches.Services.Get(service) ?? await client.GetAsync<V1Service>(service.Namespace, name, cancellationToken)) is { } found)
                services.Add(found);
        }

        var wanted = StoreObjects.Plan(store, sets, services);
        try
        {
            foreach (var service in wanted.Services)
                await writer.ApplyAsync(service, services.FirstOrDefault(one => one.Metadata.Name == service.Metadata.Name), cancellationToken);
            foreach (var set in wanted.Sets)
                await writer.ApplyAsync(set, sets.FirstOrDefault(one => one.Metadata.Name == set.Metadata.Name), cancellationToken);
            return wanted.Problem;
        }
        catch (KubeApiException error) when (error.StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            return new("Refused", $"the API server refuses the store's objects: {error.Status?.Message ?? error.Message}");
        }
    }

    private async Task ExecuteAsync(ObjectKey key, StoreConnections.Connection connection, StorePlan plan, StoreView view, IReadOnlyList<V1Pod> pods, CancellationToken cancellationToken)
    {
        foreach (var step in plan.Steps)
        {
            // Only one actor may touch a store. The lease says so until shortly before another could take it.
            if (!leadership.IsLeader)
                return;
            try
            {
                Log.Step(logger, key, plan.Phase, step);
                connection.Load.Moved(step);
                if (step is StoreStep.MoveSlot)
                    StoreMetrics.Moved(key);
                if (step is StoreStep.Restart restart)
                    await RestartAsync(restart, pods, cancellationToken);
                else
                    await connection.Engine.ExecuteAsync(step, view, cancellationToken);
            }
            catch (StoreEngineException refusal)
            {
                // What is then seen decides anew.
                Log.Refused(logger, key, refusal.Message);
                return;
            }
        }
    }

    // Its set makes the pod anew from the present template. The uid goes along, so a pod that was just made is left alone.
    private async Task RestartAsync(StoreStep.Restart restart, IReadOnlyList<V1Pod> pods, CancellationToken cancellationToken)
    {
        if (pods.FirstOrDefault(pod => pod.Metadata.Name == restart.Member) is { } pod)
            await writer.DeleteAsync(pod, grace: restart.Hangs ? HungEndsWithin : null, cancellationToken: cancellationToken);
    }

    // Shards that shall go and hold no slot any more, by the word of nodes that all answer for what is left; the last one first.
    private static List<V1StatefulSet> Drained(IReadOnlyList<V1StatefulSet> sets, StoreConnections.Connection connection, StoreGoal goal, StoreView view, StorePlan plan, DateTimeOffset now)
    {
        if (goal.Formed && plan.Phase is not StorePhase.Steady)
            return [];
        var ownership = Ownership.Of(Belief.Of(view, goal.Formed, goal.Identities.Values).View);
        var empty = goal.Shards.Where(shard => shard.Leaving).Reverse()
            .TakeWhile(shard => !shard.Members.Any(member => goal.Identities.TryGetValue(member, out var id) && !ownership.Of(id).IsEmpty))
            .Select(shard => sets.FirstOrDefault(set => StoreObjects.ShardName(StoreObjects.ShardIndex(set)) == shard.Name))
            .TakeWhile(set => set is not null)
            .Select(set => set!)
            .ToList();
        return connection.Drained.Due(empty, now);
    }

    private Task ShowAsync(ShardedStore store, ShardedStoreStatus status, CancellationToken cancellationToken)
    {
        var intent = new ShardedStore
        {
            Metadata = new() { Name = store.Metadata.Name, NamespaceProperty = store.Metadata.NamespaceProperty },
            Status = status,
        };
        return statuses.WriteAsync(intent, store, shown => shown.Status?.Conditions, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Store}: {Phase}: {Step}")]
        public static partial void Step(ILogger logger, ObjectKey store, StorePhase phase, StoreStep step);

        [LoggerMessage(2, LogLevel.Warning, "{Store}: {Refusal}")]
        public static partial void Refused(ILogger logger, ObjectKey store, string refusal);
    }
}
