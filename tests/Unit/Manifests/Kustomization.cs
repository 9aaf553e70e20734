using k8s;
using Ops.Testing;

namespace Ops.Manifests.Tests;

/// <summary>One object of a manifest file.</summary>
/// <param name="ApiVersion">For example apps/v1.</param>
/// <param name="Kind">For example Deployment.</param>
/// <param name="Name">metadata.name.</param>
/// <param name="Namespace">metadata.namespace, or null.</param>
/// <param name="Text">The YAML document.</param>
internal sealed record Document(string ApiVersion, string Kind, string Name, string? Namespace, string Text)
{
    /// <summary>The object as a type of the client library; a field that the type does not have is an error.</summary>
    public T As<T>() => KubernetesYaml.Deserialize<T>(Text, strict: true);
}

/// <summary>Reads the folders of manifests/ by their resources: lists.</summary>
internal static class Kustomization
{
    /// <summary>Every object that a folder of manifests/ adds up to, before patches.</summary>
    public static IReadOnlyList<Document> Read(string folder) => [.. ReadFolder(Path.Combine(Repository.Root, "manifests", folder))];

    private static IEnumerable<Document> ReadFolder(string folder)
    {
        var kustomization = KubernetesYaml.Deserialize<Fields>(File.ReadAllText(Path.Combine(folder, "kustomization.yaml")));
        foreach (var path in kustomization.Resources.Select(entry => Path.Combine(folder, entry)))
        {
            foreach (var document in Directory.Exists(path) ? ReadFolder(path) : ReadFile(path))
                yield return document;
        }
    }

    private static IEnumerable<Document> ReadFile(string path)
    {
        foreach (var text in File.ReadAllText(path).Split("\n---\n"))
        {
            var head = KubernetesYaml.Deserialize<Head>(text);
            yield return new(head.ApiVersion, head.Kind, head.Metadata.Name, head.Metadata.Namespace, text);
        }
    }

    // The client library's reader wants classes with setters.
    private sealed class Fields
    {
        public List<string> Resources { get; set; } = [];
    }

    private sealed class Head
    {
        public string ApiVersion { get; set; } = "";

        public string Kind { get; set; } = "";

        public Meta Metadata { get; set; } = new();
    }

    private sealed class Meta
    {
        public string Name { get; set; } = "";

        public string? Namespace { get; set; }
    }
}
