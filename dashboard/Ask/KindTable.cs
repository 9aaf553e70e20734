using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Health;

namespace Ops.Dashboard.Ask;

/// <summary>An object of a kind as queries show it.</summary>
/// <param name="Metadata">Its name.</param>
/// <param name="IsWell">Nothing about it needs attention.</param>
/// <param name="Cells">Its row.</param>
/// <param name="Conditions">Its conditions, or null where the kind has none.</param>
/// <param name="Facts">What else is known about it, by name.</param>
internal sealed record KindRow(V1ObjectMeta Metadata, bool IsWell, string?[] Cells, IEnumerable<V1Condition>? Conditions, IEnumerable<(string Name, string? Value)> Facts)
{
    /// <summary>Namespace and name.</summary>
    public string Id => string.IsNullOrEmpty(Metadata.NamespaceProperty) ? Metadata.Name : $"{Metadata.NamespaceProperty}/{Metadata.Name}";
}

/// <summary>A kind that queries may list.</summary>
/// <param name="Name">As queries name it.</param>
/// <param name="Plural">Its name in URLs, by which the snapshot says whether the viewer may list it.</param>
/// <param name="Columns">Names of the cells.</param>
/// <param name="Rows">All that the viewer may see.</param>
internal sealed record KindTable(string Name, string Plural, ImmutableArray<string> Columns, Func<ClusterSnapshot, IEnumerable<KindRow>> Rows)
{
    /// <summary>The list.</summary>
    public static ImmutableArray<KindTable> All { get; } =
    [
        new("pools", ModelPool.PluralName, ["state", "replicas ready", "power", "tokens/s", "J/token", "clock MHz"], cluster => cluster.Pools.Select(Row)),
        new("routes", ModelRoute.PluralName, ["state", "requests/s", "availability", "quality", "J/request", "policy"], cluster => cluster.Routes.Select(Row)),
        new("stores", ShardedStore.PluralName, ["phase", "reason", "slots covered", "replicas in sync"], cluster => cluster.Stores.Select(Row)),
        new("budgets", EnergyBudget.PluralName, ["state", "watts allowed", "watts observed", "pools limited"], cluster => cluster.Budgets.Select(Row)),
        new("incidents", Incident.PluralName, ["phase", "symptom", "cause", "onset"], cluster => cluster.Incidents.Select(Row)),
        new("remediations", Remediation.PluralName, ["phase", "cause", "actions", "incident", "reason"], cluster => cluster.Remediations.Select(Row)),
    ];

    private static KindRow Row(ModelPool pool)
    {
        var status = pool.Status;
        return new(
            pool.Metadata, Attention.OfPoolState(pool) < Urgency.Warning,
            [State(status?.Conditions, pool.Spec.Suspend), $"{status?.ReadyReplicas ?? 0} of {pool.Spec.EffectiveReplicas}", Format.Watts(status?.Watts), Format.Number(status?.TokensPerSecond), Format.Number(status?.JoulesPerToken), $"{status?.ClockMHz}"],
            status?.Conditions, [("model", pool.Spec.Model), ("plan", status?.Plan?.Message), ("GPUs a replica", $"{pool.Spec.Gpu.EffectiveCount} {pool.Spec.Gpu.Product}")]);
    }

    private static KindRow Row(ModelRoute route)
    {
        var status = route.Status;
        return new(
            route.Metadata, Attention.OfRouteState(route) < Urgency.Warning,
            [State(status?.Conditions, route.Spec.Suspend), Format.Number(status?.RequestsPerSecond), Format.Percent(status?.Availability), Format.Number(status?.MeanQuality), Format.Number(status?.JoulesPerRequest), status?.Policy?.Type],
            status?.Conditions,
            [
                ("model", route.EffectiveModel), ("why this policy", status?.Policy?.Reason),
                .. (status?.Variants ?? []).Select(variant => ($"variant {variant.Pool}", (string?)$"{Format.Percent(variant.Share)} of the answers, {variant.ReadyReplicas} ready")),
            ]);
    }

    private static KindRow Row(ShardedStore store)
    {
        var status = store.Status;
        return new(
            store.Metadata, Attention.OfStoreState(store) < Urgency.Warning, [status?.Phase, status?.Reason, $"{status?.SlotsCovered}", status?.ReplicasInSync], status?.Conditions,
            (status?.Shards ?? []).Select(shard => ($"shard {shard.Name}", (string?)$"primary {shard.Primary ?? "none"}, {shard.Slots} slots, {Format.Number(shard.OperationsPerSecond)} operations/s")));
    }

    private static KindRow Row(EnergyBudget budget)
    {
        var status = budget.Status;
        return new(
            budget.Metadata, !Conditions.IsTrue(status?.Conditions, ConditionTypes.Degraded), [State(status?.Conditions, budget.Spec.Suspend), $"{budget.Spec.Watts}", Format.Number(status?.ObservedWatts), $"{status?.Limited}"], status?.Conditions,
            (status?.LimitedPools ?? []).Select(pool => ($"limits {pool.Namespace}/{pool.Name}", (string?)$"to {pool.Replicas} replicas")));
    }

    private static KindRow Row(Incident incident)
    {
        var status = incident.Status;
        return new(
            incident.Metadata, status?.Phase != IncidentPhases.Open, [status?.Phase, status?.Symptom, status?.Cause, Format.Full(status?.Onset)], null,
            [
                ("reason", status?.Reason), ("detected", Format.Full(status?.DetectedAt)), ("resolved", Format.Full(status?.ResolvedAt)), ("why no plan", status?.NoPlan),
                .. (status?.Causes ?? []).Select(cause => ($"cause {Format.Rank(cause.Rank)}", (string?)$"{cause.Target.Namespace}/{cause.Target.Name} {cause.Metric}, score {Format.Number(cause.Score)}: {string.Join(" ", cause.Reasons ?? [])}")),
                .. (status?.Symptoms ?? []).Select(symptom => ("symptom", (string?)$"{symptom.Target.Namespace}/{symptom.Target.Name} {symptom.Metric}: {Format.Number(symptom.Before)} before, {Format.Number(symptom.Now)} now")),
                .. (status?.Evidence ?? []).Select(line => ("evidence", (string?)line)),
            ]);
    }

    private static KindRow Row(Remediation plan) => new(
        plan.Metadata, Attention.OfPhase(plan.Status?.Phase) < Urgency.Warning, [PlanText.Words(plan.Status?.Phase), plan.Spec.Cause, PlanText.Of(plan), plan.Spec.Incident, plan.Status?.Reason], null,
        [
            ("rationale", plan.Spec.Rationale), ("planned by", plan.Spec.Planner), ("policy", plan.Spec.Policy), ("approved by", string.Join(", ", plan.Status?.ApprovedBy ?? [])),
            .. (plan.Status?.Audit ?? []).Select(entry => ($"audit {entry.Event}", (string?)entry.Detail)),
        ]);

    private static string State(IEnumerable<V1Condition>? conditions, bool isSuspended) =>
        isSuspended ? "Suspended" : Conditions.Find(conditions, ConditionTypes.Ready) is { } ready ? $"{(ready.Status == Conditions.True ? "Ready" : "not ready")}: {ready.Reason}" : "not reported";
}
