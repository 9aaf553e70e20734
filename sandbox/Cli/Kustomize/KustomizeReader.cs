using System.Text.Json.Nodes;

namespace Ops.Cli.Kustomize;

/// <summary>
/// Reads a kustomization the way <c>kubectl apply -k</c> does, as far as the project's own manifests need it:
/// <c>resources:</c> (files and folders) and <c>namespace:</c>. Any other field is an error that names it: half a
/// kustomization would be worse than none.
/// </summary>
internal static class KustomizeReader
{
    private const string FileName = "kustomization.yaml";

    // A folder may include folders; ten levels are more than anyone writes, and end a circle.
    private const int MaxDepth = 10;

    /// <summary>Every object of a kustomization, in the order of its resources.</summary>
    /// <exception cref="UserError">A file is missing, is not YAML, or uses what is not supported.</exception>
    public static IReadOnlyList<Manifest> Read(string folder) => Read(folder, folder, depth: 0);

    private static List<Manifest> Read(string folder, string root, int depth)
    {
        var file = Path.Combine(folder, FileName);
        var shown = Shown(file, root);
        if (depth > MaxDepth)
            throw new UserError($"{shown} includes itself, or nests more than {MaxDepth} folders.");
        if (!File.Exists(file))
            throw new UserError($"{shown} is missing.");

        var documents = YamlFile.Read(file, shown);
        if (documents is not [JsonObject kustomization])
            throw new UserError($"{shown} must hold one YAML mapping.");
        CheckFields(kustomization, shown);

        var manifests = new List<Manifest>();
        foreach (var entry in Resources(kustomization, shown))
        {
            var path = Path.GetFullPath(Path.Combine(folder, entry));
            if (Directory.Exists(path))
                manifests.AddRange(Read(path, root, depth + 1));
            else if (File.Exists(path))
                manifests.AddRange(ReadFile(path, root));
            else
                throw new UserError($"{shown} names {entry}, which does not exist.");
        }

        if ((string?)kustomization["namespace"] is { Length: > 0 } space)
            NamespaceOverlay.Apply(manifests, space);
        return manifests;
    }

    private static void CheckFields(JsonObject kustomization, string shown)
    {
        foreach (var (field, _) in kustomization)
            if (field is not ("apiVersion" or "kind" or "resources" or "namespace"))
                throw new UserError(
                    $"{shown} uses '{field}', which ops does not read (only resources and namespace); apply that folder with kubectl apply -k.");
    }

    private static IEnumerable<string> Resources(JsonObject kustomization, string shown) => kustomization["resources"] switch
    {
        null => [],
        JsonArray entries => entries.Select(entry => entry is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new UserError($"{shown}: every entry of resources must be a path.")),
        _ => throw new UserError($"{shown}: resources must be a list of paths."),
    };

    private static IEnumerable<Manifest> ReadFile(string file, string root)
    {
        var shown = Shown(file, root);
        foreach (var document in YamlFile.Read(file, shown))
        {
            if (document is not JsonObject body)
                throw new UserError($"{shown} holds a document that is not an object.");
            var manifest = new Manifest(body, shown);
            if (manifest.ApiVersion.Length == 0 || manifest.Kind.Length == 0 || manifest.Name.Length == 0)
                throw new UserError($"{shown} holds an object without apiVersion, kind or metadata.name.");
            yield return manifest;
        }
    }

    private static string Shown(string file, string root) =>
        Path.Combine(Path.GetFileName(Path.TrimEndingDirectorySeparator(root)), Path.GetRelativePath(root, file));
}
