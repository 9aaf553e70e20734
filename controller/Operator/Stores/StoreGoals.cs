using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using Ops.Api;
using Ops.Planning.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;

namespace Ops.Operator.Stores;

/// <summary>Resource and pods -> what the store planner needs. Pure.</summary>
internal static class StoreGoals
{
    // Moves of one reconcile: some 2 ms each on a quiet node, so that a plan takes well below a second.
    private const int MaxSteps = 64;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Every member with its present address; the default address for one without a running pod.</summary>
    internal static ImmutableSortedDictionary<string, StoreAddress> Members(StoreGoal goal, IEnumerable<V1Pod> pods)
    {
        var addresses = pods
            .Where(pod => !string.IsNullOrEmpty(pod.Status?.PodIP) && pod.Status.Phase is not ("Failed" or "Succeeded"))
            .ToDictionary(pod => pod.Metadata.Name, pod => new StoreAddress(pod.Status.PodIP, WellKnown.StorePort));
        return goal.Members.ToImmutableSortedDictionary(member => member, member => addresses.GetValueOrDefault(member));
    }

    /// <summary>What was remembered in the status.</summary>
    internal static StoreMemory Memory(ShardedStore store) => new(
        store.Status?.Formed ?? false,
        (store.Status?.Shards ?? [])
            .SelectMany(shard => shard.Members ?? [])
            .Where(member => member.NodeId is not null)
            .ToImmutableDictionary(member => member.Name, member => member.NodeId!),
        (store.Status?.Shards ?? [])
            .SelectMany(shard => shard.Members ?? [])
            .Where(member => member.CopyOf is not null)
            .ToImmutableDictionary(member => member.Name, member => new StoreCopy(member.CopyOf!, member.CopyOffset ?? long.MaxValue)));

    /// <summary>How the store shall be, before the view is known: see <see cref="With"/>.</summary>
    /// <param name="store">The store.</param>
    /// <param name="shards">Shards that have a StatefulSet; those above spec.shards leave.</param>
    /// <param name="now">The moment.</param>
    internal static StoreGoal Goal(ShardedStore store, int shards, DateTimeOffset now)
    {
        var spec = store.Spec;
        return new StoreGoal
        {
            Shards = [.. Enumerable.Range(0, shards).Select(shard => new ShardGoal(StoreObjects.ShardName(shard), [.. StoreObjects.PodNames(store, shard)], Leaving: shard >= spec.EffectiveShards))],
            EngineElects = StoreEngines.Elects(spec.Engine.Type),
            FailoverAfter = spec.Failover.EffectiveAfter,
            Rebalance = spec.Rebalancing.EffectiveMode switch { "off" => RebalanceMode.Off, "keys" => RebalanceMode.Keys, _ => RebalanceMode.Load },
            Filled = !IsFilling(store),
            TargetSkew = spec.Rebalancing.EffectiveTargetSkew,
            MovesLeft = MovesLeft(store, now),
            MaxSteps = MaxSteps,
            MigrationBarrier = spec.Rebalancing.ReplicaMigration.IsOn ? spec.MigrationBarrier : null,
            MovesHeld = store.Status?.Backup?.Running is not null ? "slots move again when the backup is complete" : RestorePlanner.IsUnderWay(store) ? "slots move again when the backup is restored" : null,
        };
    }

    /// <summary>
    /// The goal with the members that run an older template than their set has, and those whose process the kubelet knows not
    /// to run. A set that its controller has not looked at since it changed says nothing of the kind.
    /// </summary>
    internal static StoreGoal Renewing(StoreGoal goal, IEnumerable<V1StatefulSet> sets, IReadOnlyCollection<V1Pod> pods)
    {
        var present = sets
            .Where(set => set.Status?.UpdateRevision is not null && set.Status.ObservedGeneration == set.Metadata.Generation)
            .ToDictionary(set => set.Metadata.Name, set => set.Status.UpdateRevision);
        return goal with
        {
            Outdated = [.. pods.Where(pod => RevisionOf(pod) is { } revision && present.TryGetValue(SetOf(pod), out var wanted) && wanted != revision).Select(pod => pod.Metadata.Name)],
            Down = [.. pods.Where(pod => pod.Metadata.DeletionTimestamp is null && pod.Status?.ContainerStatuses?.Any(container => container.State?.Running is not null) != true).Select(pod => pod.Metadata.Name)],
        };
    }

    /// <summary>The goal with how long each member's process has run, by its machine's clock.</summary>
    internal static StoreGoal Aged(StoreGoal goal, IEnumerable<V1Pod> pods, DateTimeOffset now) => goal with
    {
        Ages = pods.Where(pod => pod.Metadata.DeletionTimestamp is null).ToImmutableDictionary(
            pod => pod.Metadata.Name,
            pod => now - Utc(pod.Status?.ContainerStatuses?.Max(container => container.State?.Running?.StartedAt) ?? pod.Metadata.CreationTimestamp ?? now.UtcDateTime)),
    };

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static string? RevisionOf(V1Pod pod) => pod.Metadata.Labels?.TryGetValue("controller-revision-hash", out var revision) == true ? revision : null;

    private static string SetOf(V1Pod pod) => pod.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true)?.Name ?? "";

    /// <summary>The goal with what is remembered and what a person approved for exactly this state.</summary>
    internal static StoreGoal With(StoreGoal goal, StoreMemory memory, ShardedStore store, StoreView view) => goal with
    {
        Formed = memory.Formed,
        Identities = memory.Identities,
        Copies = memory.Copies,
        TakeoverApproved = store.Spec.Failover.ApproveTakeover is { } approval && approval == TakeoverToken(goal, view),
    };

    /// <summary>Names the state that a takeover is approved for: who answers, and in which epoch.</summary>
    internal static string TakeoverToken(StoreGoal goal, StoreView view)
    {
        var state = string.Join(';', goal.Members.Select(member => view.Nodes.TryGetValue(member, out var node) ? $"{node.Id}@{node.Epoch}" : $"{member}-"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state)))[..12];
    }

    /// <summary>Whether shards that have never had their share are being filled, which the churn bound does not hold back.</summary>
    internal static bool IsFilling(ShardedStore store) => store.Spec.EffectiveShards > (store.Status?.BalancedShards ?? 0);

    /// <summary>Moves counted in the hour that now is in.</summary>
    internal static (int Moves, DateTimeOffset Since) Window(ShardedStore store, DateTimeOffset now) =>
        store.Status is { MovesSince: { } since } status && now - Utc(since) < Hour
            ? (status.Moves, Utc(since))
            : (0, now);

    private static int MovesLeft(ShardedStore store, DateTimeOffset now) =>
        IsFilling(store) ? int.MaxValue : Math.Max(0, store.Spec.Rebalancing.EffectiveMaxMovesPerHour - Window(store, now).Moves);
}
