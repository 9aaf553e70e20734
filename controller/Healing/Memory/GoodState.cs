using System.Text.Json.Nodes;

namespace Ops.Healing.Memory;

/// <summary>The content of an object when it last was well.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">Labels and fields, without status.</param>
/// <param name="StartSeconds">How long its slowest pod took from its creation to ready; 0 where it has none.</param>
public sealed record GoodState(string Kind, string Name, JsonObject Content, double StartSeconds)
{
    /// <summary>Digest of the content: what plans name it by.</summary>
    public string Digest { get; } = Ops.Healing.Content.CanonicalJson.Digest(Content);

    /// <summary>Replicas that it had, or null.</summary>
    public int? Replicas => (int?)Content["spec"]?["replicas"];
}
