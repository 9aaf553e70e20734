using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Dashboard.Cluster;

/// <summary>Whether a kind is there to be shown.</summary>
/// <param name="Plural">The kind's name in URLs, for example modelpools.</param>
/// <param name="HasSynced">Its first list is in.</param>
/// <param name="Trouble">Why it is not current, one sentence; null while it is.</param>
internal sealed record KindState(string Plural, bool HasSynced, string? Trouble)
{
    /// <summary>Whether the API server refuses it to this user, as opposed to not answering.</summary>
    public bool IsForbidden => Trouble?.StartsWith(ResourceTrouble.Forbidden, StringComparison.Ordinal) == true;

    /// <summary>The trouble in one short sentence to the user.</summary>
    public string? Sentence => IsForbidden ? $"You may not list {Plural}; ask for the verbs list and watch." : Trouble;
}

/// <summary>Everything that one user may see of the cluster at one moment. Shared by all viewers of that user; never modified.</summary>
internal sealed record ClusterSnapshot
{
    /// <summary>Before anything was listed.</summary>
    public static ClusterSnapshot Empty { get; } = new();

    /// <summary>Model pools by namespace and name.</summary>
    public ImmutableArray<ModelPool> Pools { get; init; } = [];

    /// <summary>Model routes by namespace and name.</summary>
    public ImmutableArray<ModelRoute> Routes { get; init; } = [];

    /// <summary>Energy budgets by name.</summary>
    public ImmutableArray<EnergyBudget> Budgets { get; init; } = [];

    /// <summary>Incidents, the newest first.</summary>
    public ImmutableArray<Incident> Incidents { get; init; } = [];

    /// <summary>Pods by namespace and name.</summary>
    public ImmutableArray<V1Pod> Pods { get; init; } = [];

    /// <summary>Deployments by namespace and name.</summary>
    public ImmutableArray<V1Deployment> Deployments { get; init; } = [];

    /// <summary>Remediations, the newest first.</summary>
    public ImmutableArray<Remediation> Remediations { get; init; } = [];

    /// <summary>Healing policies by namespace and name.</summary>
    public ImmutableArray<HealingPolicy> Policies { get; init; } = [];

    /// <summary>Approvers by namespace and name.</summary>
    public ImmutableArray<Approver> Approvers { get; init; } = [];

    /// <summary>Sharded stores by namespace and name.</summary>
    public ImmutableArray<ShardedStore> Stores { get; init; } = [];

    /// <summary>Each watched kind.</summary>
    public ImmutableArray<KindState> Kinds { get; init; } = [];

    /// <summary>Every kind has its first list, or a reason why not.</summary>
    public bool IsLoaded => Kinds.Length > 0 && Kinds.All(kind => kind.HasSynced || kind.Trouble is not ResourceTrouble.NotYet);

    /// <summary>The kinds that cannot be read now.</summary>
    public IEnumerable<KindState> Troubled => Kinds.Where(kind => kind.Trouble is not (null or ResourceTrouble.NotYet));

    /// <summary>Why a kind is missing or old; null while it is current.</summary>
    public string? TroubleOf(string plural) => Troubled.FirstOrDefault(kind => kind.Plural == plural)?.Sentence;

    /// <summary>Whether a kind's first list is in.</summary>
    public bool Has(string plural) => Kinds.Any(kind => kind.Plural == plural && kind.HasSynced);

    /// <summary>The pods of a pool.</summary>
    public IEnumerable<V1Pod> PodsOf(ModelPool pool) => Pods.Where(pod =>
        pod.Metadata.NamespaceProperty == pool.Metadata.NamespaceProperty
        && pod.Metadata.Labels is { } labels && labels.TryGetValue(Labels.Pool, out var name) && name == pool.Metadata.Name);
}

/// <summary>Sentences of <see cref="IResourceCache.Trouble"/> that the dashboard tells apart.</summary>
internal static class ResourceTrouble
{
    /// <summary>What a cache says before its first list.</summary>
    public const string NotYet = "The first list is not in yet.";

    /// <summary>How a refusal begins.</summary>
    public const string Forbidden = "This identity may not";
}
