using System.Collections.Immutable;
using Ops.Picking;

namespace Ops.Router;

/// <summary>The pools of a route that read prompts for variants with one model. Only the snapshot changes.</summary>
internal sealed class PrefillStage
{
    private readonly ImmutableArray<(VariantConfig Config, ImmutableArray<Replica> Replicas)> _pools;
    private volatile RouteSnapshot _snapshot;

    internal PrefillStage(RouteConfig route, string model, ImmutableArray<(VariantConfig Config, ImmutableArray<Replica> Replicas)> pools, PrefixIndex prefixes)
    {
        Model = model;
        _pools = pools;
        _snapshot = RouteSnapshot.Create($"{route.Namespace}/{route.Name}", route.Objective, route.Tasks, States(), route.Pick with { Prefixes = prefixes });
    }

    /// <summary>The model's name at the engines.</summary>
    internal string Model { get; }

    /// <summary>Takes the newest observations in.</summary>
    internal void Observe() => _snapshot = _snapshot.WithVariants(States());

    /// <summary>Chooses who reads a prompt; null when the answering replica does it itself.</summary>
    internal Replica? Choose(in RequestFeatures features, in Choice answering, int threshold)
    {
        var choice = RemotePrefill.Choose(_snapshot, features, answering, threshold);
        return choice.Kind == ChoiceKind.Chosen ? _pools[choice.Variant].Replicas[choice.Replica] : null;
    }

    private ImmutableArray<VariantState> States() => [.. _pools.Select(p => LiveVariant.Observe(p.Config, p.Replicas))];
}
