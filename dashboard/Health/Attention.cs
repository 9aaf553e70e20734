using k8s.Models;
using Ops.Api;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Layout;

namespace Ops.Dashboard.Health;

/// <summary>How much something matters.</summary>
public enum Urgency
{
    /// <summary>As it should be.</summary>
    Fine,

    /// <summary>Worth knowing; nobody has to act.</summary>
    Note,

    /// <summary>Not as asked for, but it still serves.</summary>
    Warning,

    /// <summary>Users feel it, or a person has to decide.</summary>
    Critical,
}

/// <summary>One row of what needs attention.</summary>
/// <param name="Urgency">How much it matters.</param>
/// <param name="Kind">What it is, in words.</param>
/// <param name="Name">Its name, with the namespace where it has one.</param>
/// <param name="Reason">Why it is here, one sentence.</param>
/// <param name="Doing">What is being done about it, one sentence.</param>
/// <param name="Since">Since when.</param>
/// <param name="Page">The page that shows more.</param>
public sealed record AttentionRow(Urgency Urgency, string Kind, string Name, string Reason, string Doing, DateTime? Since, string Page);

/// <summary>A snapshot -> what a person should look at, the worst first. Pure.</summary>
internal static class Attention
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<AttentionRow> Of(ClusterSnapshot cluster) =>
        [.. cluster.Incidents.Select(incident => OfIncident(incident, cluster))
            .Concat(cluster.Remediations.Select(OfRemediation))
            .Concat(cluster.Stores.Select(OfStore))
            .Concat(cluster.Policies.Select(OfPolicy))
            .Concat(cluster.Routes.Select(OfRoute))
            .Concat(cluster.Pools.Select(OfPool))
            .Concat(cluster.Budgets.Select(OfBudget))
            .Concat(cluster.Deployments.Where(deployment => deployment.Metadata.NamespaceProperty == WellKnown.SystemNamespace).Select(OfControlPlane))
            .OfType<AttentionRow>()
            .OrderByDescending(row => row.Urgency).ThenByDescending(row => row.Since)];

    /// <summary>How a pool is.</summary>
    public static Urgency OfPoolState(ModelPool pool)
    {
        var conditions = pool.Status?.Conditions;
        if (pool.Spec.Suspend || conditions is null)
            return Urgency.Note;
        if (Conditions.IsTrue(conditions, ConditionTypes.Degraded))
            return pool.Status!.ReadyReplicas == 0 ? Urgency.Critical : Urgency.Warning;
        return Conditions.IsTrue(conditions, ConditionTypes.Ready) ? Urgency.Fine : Urgency.Warning;
    }

    /// <summary>How a route is.</summary>
    public static Urgency OfRouteState(ModelRoute route)
    {
        var conditions = route.Status?.Conditions;
        if (route.Spec.Suspend || conditions is null)
            return Urgency.Note;
        if (!Conditions.IsTrue(conditions, ConditionTypes.Ready))
            return Urgency.Critical;
        return Conditions.IsTrue(conditions, ConditionTypes.Degraded) ? Urgency.Warning : Urgency.Fine;
    }

    /// <summary>How a plan stands.</summary>
    public static Urgency OfPhase(string? phase) => phase switch
    {
        RemediationPhases.AwaitingApproval or RemediationPhases.Failed => Urgency.Critical,
        RemediationPhases.Relapsed or RemediationPhases.RolledBack or RemediationPhases.Refused => Urgency.Warning,
        RemediationPhases.Succeeded => Urgency.Fine,
        _ => Urgency.Note,
    };

    /// <summary>How a store is.</summary>
    public static Urgency OfStoreState(ShardedStore store)
    {
        var conditions = store.Status?.Conditions;
        if (store.Spec.Suspend || conditions is null)
            return Urgency.Note;
        if (!Conditions.IsTrue(conditions, ConditionTypes.Ready))
            return store.Status!.Formed ? Urgency.Critical : Urgency.Warning;
        return Conditions.IsTrue(conditions, ConditionTypes.Degraded) ? Urgency.Warning : Urgency.Fine;
    }

    private static AttentionRow? OfStore(ShardedStore store)
    {
        var urgency = OfStoreState(store);
        return urgency == Urgency.Fine || store.Status is not { } status ? null : new(
            urgency, "Store", Name(store.Metadata), $"{status.Phase}: {status.Reason}",
            status.TakeoverToken is null ? "The operator repairs it." : "A takeover waits for a person: it may lose acknowledged writes.",
            Conditions.Find(status.Conditions, ConditionTypes.Ready)?.LastTransitionTime, SiteMap.Store(store));
    }

    private static AttentionRow? OfRemediation(Remediation plan) => plan.Status?.Phase == RemediationPhases.AwaitingApproval
        ? new(
            Urgency.Critical, "Plan", Name(plan.Metadata), $"{plan.Spec.Cause}: {plan.Spec.Rationale ?? "a repair is planned"}",
            plan.Status.Destructive == true ? "Waits for two people: it cannot be undone." : "Waits for a person.", plan.Metadata.CreationTimestamp, SiteMap.Remediation(plan))
        : null;

    private static AttentionRow? OfPolicy(HealingPolicy policy) => policy.Spec.Suspend
        ? new(Urgency.Note, "Healing policy", Name(policy.Metadata), "Paused: nothing is repaired under it.", "Nothing until it is resumed.", null, SiteMap.Remediations)
        : null;

    private static string Doing(Incident incident, ClusterSnapshot cluster)
    {
        if (incident.Spec.Suspend)
            return "Its analysis is suspended.";
        var plan = cluster.Remediations.FirstOrDefault(plan => plan.Spec.Incident == incident.Metadata.Name && plan.Metadata.NamespaceProperty == incident.Metadata.NamespaceProperty);
        return plan is null ? "Analysed; no repair is planned." : $"{PlanText.Of(plan)}: {PlanText.Words(plan.Status?.Phase)}. {plan.Status?.Reason}";
    }

    private static AttentionRow? OfIncident(Incident incident, ClusterSnapshot cluster)
    {
        if (incident.Status is not { Phase: IncidentPhases.Open } status)
            return null;
        var cause = status.Cause is { } suspect ? $" Most suspect: {suspect}." : " No cause found yet.";
        return new(
            Urgency.Critical, "Incident", Name(incident.Metadata), $"{status.Symptom ?? "A symptom"}.{cause}",
            Doing(incident, cluster),
            status.DetectedAt, SiteMap.Incident(incident));
    }

    private static AttentionRow? OfPool(ModelPool pool)
    {
        var urgency = OfPoolState(pool);
        if (urgency == Urgency.Fine)
            return Limited(pool);
        if (pool.Spec.Suspend)
            return new(Urgency.Note, "Pool", Name(pool.Metadata), "Suspended: nothing keeps it as its spec says.", "Nothing until it is resumed.", null, SiteMap.Pool(pool));
        var condition = Worst(pool.Status?.Conditions);
        return condition is null ? null : new(
            urgency, "Pool", Name(pool.Metadata), Sentence(condition),
            Conditions.IsTrue(pool.Status?.Conditions, ConditionTypes.Progressing) ? $"Rolling towards {pool.Spec.EffectiveReplicas} replicas." : "The operator retries; a person may have to act.",
            condition.LastTransitionTime, SiteMap.Pool(pool));
    }

    private static AttentionRow? Limited(ModelPool pool) => pool.Status?.Plan is { Budget: { } budget } plan
        ? new(Urgency.Note, "Pool", Name(pool.Metadata), $"Held back by the energy budget {budget}. {plan.Message}", $"Runs {plan.Replicas} of {pool.Spec.EffectiveReplicas} replicas.", null, SiteMap.Pool(pool))
        : null;

    private static AttentionRow? OfRoute(ModelRoute route)
    {
        var urgency = OfRouteState(route);
        if (urgency == Urgency.Fine)
            return null;
        if (route.Spec.Suspend)
            return new(Urgency.Note, "Route", Name(route.Metadata), "Suspended: requests for it are refused.", "Nothing until it is resumed.", null, SiteMap.Route(route));
        return Worst(route.Status?.Conditions) is { } condition
            ? new(urgency, "Route", Name(route.Metadata), Sentence(condition), urgency == Urgency.Critical ? "Requests wait or get 503." : "Served by what is left.", condition.LastTransitionTime, SiteMap.Route(route))
            : null;
    }

    private static AttentionRow? OfBudget(EnergyBudget budget)
    {
        var degraded = Conditions.Find(budget.Status?.Conditions, ConditionTypes.Degraded);
        return degraded?.Status == Conditions.True
            ? new(Urgency.Warning, "Energy budget", budget.Metadata.Name, Sentence(degraded), "Pools run at their lowest levels.", degraded.LastTransitionTime, SiteMap.Fleet)
            : null;
    }

    // What stands still without it is worth more than the number of its pods.
    private static AttentionRow? OfControlPlane(V1Deployment deployment)
    {
        var (ready, wanted) = (deployment.Status?.ReadyReplicas ?? 0, deployment.Spec?.Replicas ?? 1);
        if (ready >= wanted)
            return null;
        var without = ready > 0 ? $"{ready} of {wanted} replicas are ready." : deployment.Metadata.Name switch
        {
            "operator" => "No operator runs: pools, budgets and repairs stand still, their states on these pages are old.",
            "rca" => "No root-cause service runs: no new incident can appear.",
            "router" => "No router runs: no request is answered, and no traffic figures come in.",
            var name => $"No pod of {name} is ready.",
        };
        return new(
            ready > 0 ? Urgency.Warning : Urgency.Critical, "Control plane", Name(deployment.Metadata), without, "Kubernetes restarts its pods.",
            deployment.Status?.Conditions?.FirstOrDefault(condition => condition.Type == "Available")?.LastTransitionTime, SiteMap.Topology);
    }

    // Degraded says what a person should do, so it comes before a plain not-ready.
    private static V1Condition? Worst(IEnumerable<V1Condition>? conditions) =>
        Conditions.Find(conditions, ConditionTypes.Degraded) is { Status: Conditions.True } degraded ? degraded : Conditions.Find(conditions, ConditionTypes.Ready);

    private static string Sentence(V1Condition condition) => $"{condition.Reason}: {condition.Message}";

    private static string Name(V1ObjectMeta metadata) => string.IsNullOrEmpty(metadata.NamespaceProperty) ? metadata.Name : $"{metadata.NamespaceProperty}/{metadata.Name}";
}
