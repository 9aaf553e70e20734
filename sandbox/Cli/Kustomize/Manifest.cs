using System.Text.Json.Nodes;

namespace Ops.Cli.Kustomize;

/// <summary>One object as it stands in a file, with the namespace of its kustomization laid over it.</summary>
/// <param name="Body">The object.</param>
/// <param name="Source">File it came from, relative to the folder that was read; for messages.</param>
internal sealed record Manifest(JsonObject Body, string Source)
{
    public string ApiVersion => (string?)Body["apiVersion"] ?? "";

    public string Kind => (string?)Body["kind"] ?? "";

    public string Name => (string?)Body["metadata"]?["name"] ?? "";

    public string? Namespace => (string?)Body["metadata"]?["namespace"];

    public override string ToString() => Namespace is null ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";
}
