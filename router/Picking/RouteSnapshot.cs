using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Ops.Picking;

/// <summary>Everything that a choice on one route reads. Immutable; replaced as a whole.</summary>
public sealed class RouteSnapshot
{
    /// <summary>The choice keeps one row for each variant on the stack: 32 rows of 96 bytes are 3 KB.</summary>
    public const int MaxVariants = 32;

    /// <summary>The choice keeps one number for each replica of a variant on the stack: 1,024 of 4 bytes are 4 KB.</summary>
    public const int MaxReplicas = 1_024;

    /// <summary>Name of the task that every variant has a quality for.</summary>
    public const string DefaultTask = "default";

    private RouteSnapshot(string name, Objective objective, FrozenDictionary<string, int> tasks, ImmutableArray<VariantState> variants, ImmutableArray<ImmutableArray<int>> byQuality, PickRules rules)
    {
        Name = name;
        Objective = objective;
        Tasks = tasks;
        Variants = variants;
        ByQuality = byQuality;
        Rules = rules;
        MostReplicas = variants.Length == 0 ? 0 : variants.Max(v => v.Replicas.Length);
        if (MostReplicas > MaxReplicas)
            throw new ArgumentException($"A variant has at most {MaxReplicas} replicas, one of this route has {MostReplicas}.", nameof(variants));
    }

    /// <summary>Namespace and name of the route, for logs.</summary>
    public string Name { get; }

    /// <summary>The route's latency objective.</summary>
    public Objective Objective { get; }

    /// <summary>Task name to index; "default" is 0.</summary>
    public FrozenDictionary<string, int> Tasks { get; }

    /// <summary>The variants in the route's order.</summary>
    public ImmutableArray<VariantState> Variants { get; }

    /// <summary>By task index: variant indices from the best quality to the worst; ties keep the route's order.</summary>
    public ImmutableArray<ImmutableArray<int>> ByQuality { get; }

    /// <summary>How a replica is picked.</summary>
    public PickRules Rules { get; }

    /// <summary>Replicas of the variant that has the most.</summary>
    internal int MostReplicas { get; }

    /// <summary>Builds a snapshot.</summary>
    /// <param name="name">Namespace and name of the route.</param>
    /// <param name="objective">Latency objective.</param>
    /// <param name="tasks">Task names in index order; the first must be "default".</param>
    /// <param name="variants">At most <see cref="MaxVariants"/>, each with one quality a task and at most <see cref="MaxReplicas"/> replicas.</param>
    /// <param name="rules">How a replica is picked; by default without a memory of prefixes.</param>
    /// <exception cref="ArgumentException">A bound or the shape is violated.</exception>
    public static RouteSnapshot Create(string name, Objective objective, IReadOnlyList<string> tasks, ImmutableArray<VariantState> variants, PickRules? rules = null)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        if (variants.Length > MaxVariants)
            throw new ArgumentException($"A route has at most {MaxVariants} variants, this one has {variants.Length}.", nameof(variants));
        if (tasks.Count == 0 || tasks[0] != DefaultTask)
            throw new ArgumentException("The first task is \"default\".", nameof(tasks));
        foreach (var variant in variants)
        {
            if (variant.Quality.Length != tasks.Count)
                throw new ArgumentException($"Variant {variant.Pool} has {variant.Quality.Length} qualities for {tasks.Count} tasks.", nameof(variants));
        }

        var index = tasks.Select((task, i) => KeyValuePair.Create(task, i)).ToFrozenDictionary(StringComparer.Ordinal);
        var byQuality = Enumerable.Range(0, tasks.Count)
            .Select(task => Enumerable.Range(0, variants.Length).OrderByDescending(v => variants[v].Quality[task]).ToImmutableArray())
            .ToImmutableArray();
        return new RouteSnapshot(name, objective, index, variants, byQuality, rules ?? PickRules.Default);
    }

    /// <summary>The same route with newly observed replicas; the order by quality does not depend on them.</summary>
    public RouteSnapshot WithVariants(ImmutableArray<VariantState> variants)
    {
        if (variants.Length != Variants.Length)
            throw new ArgumentException("The variants of a route change only with its configuration.", nameof(variants));
        return new RouteSnapshot(Name, Objective, Tasks, variants, ByQuality, Rules);
    }

    /// <summary>Index of a task; an unknown one counts as the default task.</summary>
    public int TaskIndex(string? task) => task is not null && Tasks.TryGetValue(task, out var index) ? index : 0;
}
