using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Crd;

/// <summary>Which definition owns which names of a group: first come, first served.</summary>
internal static class CrdNames
{
    /// <summary>The reason and sentence of a clash with names that other definitions of the group hold; null when all are free.</summary>
    public static (string Reason, string Message)? FindConflict(JsonObject crd, IEnumerable<JsonObject> others)
    {
        var group = crd.At("spec", "group").AsText();
        var names = crd.At("spec", "names") as JsonObject;
        var taken = others.Where(o => o.At("spec", "group").AsText() == group).Select(o => o.At("status", "acceptedNames") as JsonObject).OfType<JsonObject>().ToList();
        var takenPlurals = taken.SelectMany(PluralSpace).ToHashSet(StringComparer.Ordinal);
        var takenKinds = taken.SelectMany(KindSpace).ToHashSet(StringComparer.Ordinal);
        if (names.Text("plural") is { } plural && takenPlurals.Contains(plural)) return ("PluralConflict", $"\"{plural}\" is already in use");
        if (names.Text("singular") is { } singular && takenPlurals.Contains(singular)) return ("SingularConflict", $"\"{singular}\" is already in use");
        foreach (var shortName in names.Texts("shortNames"))
        {
            if (takenPlurals.Contains(shortName)) return ("ShortNamesConflict", $"\"{shortName}\" is already in use");
        }

        if (names.Text("kind") is { } kind && takenKinds.Contains(kind)) return ("KindConflict", $"\"{kind}\" is already in use");
        return names.Text("listKind") is { } listKind && takenKinds.Contains(listKind) ? ("ListKindConflict", $"\"{listKind}\" is already in use") : null;
    }

    private static IEnumerable<string> PluralSpace(JsonObject names) =>
        new[] { names.Text("plural"), names.Text("singular") }.OfType<string>().Concat(names.Texts("shortNames"));

    private static IEnumerable<string> KindSpace(JsonObject names) => new[] { names.Text("kind"), names.Text("listKind") }.OfType<string>();
}
