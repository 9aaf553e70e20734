using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using k8s.Models;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>A cap in watts over the GPUs of some pools.</summary>
[KubernetesEntity(Group = ApiGroup.Name, ApiVersion = ApiGroup.Version, Kind = KindName, PluralName = PluralName)]
[KubectlNames("eb", Categories = ["ops"])]
[ClusterScoped]
[PrinterColumn("Watts", "integer", ".spec.watts", Description = "The cap.")]
[PrinterColumn("Allocated", "number", ".status.allocatedWatts", Description = "The most that the pools can draw under their limits.")]
[PrinterColumn("Observed", "number", ".status.observedWatts", Description = "What the pools draw.")]
[PrinterColumn("Pools", "integer", ".status.pools", Description = "Pools under the budget.")]
[PrinterColumn("Limited", "integer", ".status.limited", Description = "Pools that the budget holds back.")]
[PrinterColumn("State", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Description = "Whether the cap holds, and why not.")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed class EnergyBudget : CustomResource<EnergyBudgetSpec, EnergyBudgetStatus>
{
    /// <summary>The kind as it stands on the wire.</summary>
    public const string KindName = "EnergyBudget";

    /// <summary>The kind's name in URLs.</summary>
    public const string PluralName = "energybudgets";

    /// <summary>Creates an empty budget with its kind set.</summary>
    public EnergyBudget() => Kind = KindName;
}

/// <summary>What the user wants of a budget.</summary>
public sealed record EnergyBudgetSpec
{
    /// <summary>Stop enforcing: the budget limits nothing. Default false.</summary>
    [DefaultValue(false)]
    public bool Suspend { get; init; }

    /// <summary>The most that the GPUs of the selected pools may draw together, in watts.</summary>
    [Required]
    [Range(1, 100_000_000)]
    public int Watts { get; init; }

    /// <summary>Labels that a pool must have to be under the budget. Default: every pool of every namespace.</summary>
    [MinLength(1)]
    [MaxLength(16)]
    [Items(MaxLength = 63)]
    public IReadOnlyDictionary<string, string>? PoolLabels { get; init; }

    /// <summary>
    /// Who gets power first when it is short: the first entry whose labels a pool has gives its priority; pools without
    /// one have 0.
    /// </summary>
    [MaxLength(32)]
    public IReadOnlyList<BudgetPriority>? Priorities { get; init; }

    /// <summary>Whether a pool with these labels is under the budget.</summary>
    /// <param name="labels">The pool's labels, or null.</param>
    public bool Selects(IDictionary<string, string>? labels) => PoolLabels is null || BudgetPriority.Has(labels, PoolLabels);

    /// <summary>The priority of a pool with these labels.</summary>
    /// <param name="labels">The pool's labels, or null.</param>
    public int PriorityOf(IDictionary<string, string>? labels) =>
        Priorities?.FirstOrDefault(priority => BudgetPriority.Has(labels, priority.PoolLabels))?.Priority ?? 0;
}

/// <summary>The priority of some pools.</summary>
public sealed record BudgetPriority
{
    /// <summary>Labels that a pool must have.</summary>
    [Required]
    [MinLength(1)]
    [MaxLength(16)]
    [Items(MaxLength = 63)]
    public IReadOnlyDictionary<string, string> PoolLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Higher is served first.</summary>
    [Required]
    [Range(-1000, 1000)]
    public int Priority { get; init; }

    internal static bool Has(IDictionary<string, string>? labels, IReadOnlyDictionary<string, string> wanted) =>
        wanted.All(pair => labels?.TryGetValue(pair.Key, out var value) == true && value == pair.Value);
}

/// <summary>What the operator made of a budget.</summary>
public sealed record EnergyBudgetStatus
{
    /// <summary>The generation that this status was made from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Watts that the selected pools cannot exceed under the limits in force, two significant digits.</summary>
    public double? AllocatedWatts { get; init; }

    /// <summary>Watts that the selected pools draw, two significant digits; absent before the first scrape.</summary>
    public double? ObservedWatts { get; init; }

    /// <summary>Pools under the budget.</summary>
    public int Pools { get; init; }

    /// <summary>Pools that the budget holds below what their load asks for.</summary>
    public int Limited { get; init; }

    /// <summary>The pools that are held back, at most 64.</summary>
    [MaxLength(64)]
    public IReadOnlyList<LimitedPool>? LimitedPools { get; init; }

    /// <summary>Ready (the cap holds), EnergyLimited (it holds pools back), Degraded (it cannot hold).</summary>
    [MaxLength(16)]
    [ListMapKeys("type")]
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}

/// <summary>A pool that a budget holds back.</summary>
public sealed record LimitedPool
{
    /// <summary>The pool's namespace.</summary>
    [Required]
    [MaxLength(63)]
    public string Namespace { get; init; } = "";

    /// <summary>The pool's name.</summary>
    [Required]
    [MaxLength(ModelPoolRules.MaxNameLength)]
    public string Name { get; init; } = "";

    /// <summary>Replicas that may run.</summary>
    public int Replicas { get; init; }

    /// <summary>SM clock asked of its GPUs in MHz.</summary>
    public int? ClockMHz { get; init; }

    /// <summary>Power limit asked of each of its GPUs in watts.</summary>
    public int? PowerLimitWatts { get; init; }
}
