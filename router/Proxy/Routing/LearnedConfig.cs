using System.Collections.Immutable;
using k8s.Models;
using Ops.Api;
using Ops.Picking;

namespace Ops.Router;

/// <summary>The learned policy that a route asks for, as its ConfigMap brings it.</summary>
/// <param name="Ref">Name of the ConfigMap.</param>
/// <param name="Rule">Decides where the model does not.</param>
/// <param name="Model">The model; null when it cannot be used.</param>
/// <param name="Digest">Digest of the file; another one begins another trial.</param>
/// <param name="Problem">Why there is no model, and the remedy.</param>
internal sealed record LearnedConfig(string Ref, PricePolicy Rule, PolicyModel? Model, string Digest, string? Problem)
{
    /// <summary>Share of the requests that explore.</summary>
    public double Exploration { get; init; }

    /// <summary>Reads the policy of a route; null when the route asks for none.</summary>
    /// <param name="spec">The route's policy.</param>
    /// <param name="pools">The route's pools, in order.</param>
    /// <param name="policies">ConfigMaps with policies, by name. Their contents are not trusted.</param>
    internal static LearnedConfig? Of(PolicySpec spec, ImmutableArray<string> pools, IReadOnlyDictionary<string, V1ConfigMap> policies)
    {
        if (spec.EffectiveType != PolicyTypes.Learned)
            return null;
        var name = spec.PolicyRef ?? "";
        var rule = new PricePolicy(spec.EffectiveEnergyWeight);
        if (!policies.TryGetValue(name, out var map))
            return Unusable($"there is no ConfigMap {name} with the label {Labels.LearnedPolicy}: \"true\" in the routers' namespace; ./ops train writes it");
        if (map.BinaryData?.TryGetValue(WellKnown.PolicyEntry, out var bytes) != true)
            return Unusable($"ConfigMap {name} has no entry {WellKnown.PolicyEntry} under binaryData; ./ops train writes it");
        try
        {
            var model = PolicyFile.Read(bytes, pools);
            return model.EnergyWeight == rule.EnergyWeight
                ? new(name, rule, model, PolicyFile.Digest(bytes), null) { Exploration = spec.EffectiveExploration }
                : Unusable($"ConfigMap {name}: the policy was trained for another energyWeight than the route's; train it again");
        }
        catch (InvalidDataException error)
        {
            return Unusable($"ConfigMap {name}: {error.Message}");
        }

        LearnedConfig Unusable(string problem) => new(name, rule, null, "", problem);
    }
}
