using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Operator.Crds;
using Ops.Sandbox.Objects;

namespace Ops.Operator.Tests;

/// <summary>The generated definitions, and objects checked against them as an API server checks.</summary>
internal static class Definitions
{
    public static IReadOnlyList<JsonObject> All { get; } =
        [.. CrdGenerator.Kinds.Select(kind => CrdGenerator.Definition(kind, XmlDocs.For(typeof(ModelPool).Assembly)))];

    private static readonly Dictionary<string, KindDefinition> Kinds = All.SelectMany(KindDefinition.FromCrd).ToDictionary(kind => kind.Kind);

    /// <summary>Defaults an object in place and returns what is wrong with it, or with the change from an older one, one "field: message" each.</summary>
    public static IReadOnlyList<string> Refusals(JsonObject obj, JsonObject? old = null)
    {
        var kind = Kinds[(string)obj["kind"]!];
        Pruning.Prune(obj, kind).ShouldBeEmpty();
        Defaulting.Apply(obj, kind);
        if (old is not null)
            Defaulting.Apply(old, kind);
        return [.. Validation.Validate(obj, old, kind).Select(cause => $"{cause.Field}: {cause.Message}")];
    }
}
