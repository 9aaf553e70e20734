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
        (string, string)? conflict = null;

        // kube-apiserver looks at all names and reports the last that is taken.
        Check("PluralConflict", names.Text("plural"), takenPlurals);
        Check("SingularConflict", names.Text("singular"), takenPlurals);
        foreach (var shortName in names.Texts("shortNames")) Check("ShortNamesConflict", shortName, takenPlurals);
        Check("KindConflict", names.Text("kind"), takenKinds);
        Check("ListKindConflict", names.Text("listKind"), takenKinds);
        return conflict;

        void Check(string reason, string? name, HashSet<string> taken)
        {
            if (name is not null && taken.Contains(name)) conflict = (reason, $"\"{name}\" is already in use");
        }
    }

    private static IEnumerable<string> PluralSpace(JsonObject names) =>
        new[] { names.Text("plural"), names.Text("singular") }.OfType<string>().Concat(names.Texts("shortNames"));

    private static IEnumerable<string> KindSpace(JsonObject names) => new[] { names.Text("kind"), names.Text("listKind") }.OfType<string>();
}
