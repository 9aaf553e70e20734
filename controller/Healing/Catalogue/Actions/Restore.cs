using System.Text.Json.Nodes;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Whole objects out of the memory.</summary>
internal static class Restore
{
    /// <summary>Fills an empty object with a remembered content.</summary>
    public static void Whole(JsonObject obj, string apiVersion, string kind, GoodState state)
    {
        (obj["apiVersion"], obj["kind"]) = (apiVersion, kind);
        var metadata = new JsonObject { ["name"] = state.Name };
        foreach (var (field, value) in state.Content)
        {
            if (field == "metadata")
                metadata["labels"] = value?["labels"]?.DeepClone();
            else
                obj[field] = value?.DeepClone();
        }

        obj["metadata"] = metadata;
    }
}
