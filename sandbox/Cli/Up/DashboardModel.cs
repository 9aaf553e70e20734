using System.Text.Json.Nodes;
using Ops.Cli.Kustomize;

namespace Ops.Cli.Up;

/// <summary>The language model behind the dashboard's page Ask, as a person would set it on a cluster.</summary>
internal static class DashboardModel
{
    private const string SecretName = "dashboard-model";

    // Far above any key.
    private const int MostBytes = 8 << 10;

    /// <summary>Names the model in the dashboard's Deployment.</summary>
    public static void Use(IEnumerable<Manifest> manifests, string endpoint, string model)
    {
        foreach (var manifest in manifests.Where(manifest => manifest is { Kind: "Deployment", Name: "dashboard" }))
        {
            var env = manifest.Body["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray();
            env.Add((JsonNode)new JsonObject { ["name"] = "Dashboard__Ask__Endpoint", ["value"] = endpoint });
            env.Add((JsonNode)new JsonObject { ["name"] = "Dashboard__Ask__Model", ["value"] = model });
        }
    }

    /// <summary>Puts the key into the Secret that the Deployment mounts, in place of an older one.</summary>
    /// <exception cref="UserError">The file cannot be read, or is no key.</exception>
    public static async Task KeepKeyAsync(ClusterClient cluster, string space, string file, CancellationToken cancellation)
    {
        var content = new JsonObject { ["stringData"] = new JsonObject { ["key"] = Read(file) } };
        var collection = $"/api/v1/namespaces/{space}/secrets";
        if (await cluster.GetAsync($"{collection}/{SecretName}", cancellation) is not null)
        {
            await cluster.MergeAsync($"{collection}/{SecretName}", content, cancellation);
            return;
        }

        (content["apiVersion"], content["kind"], content["metadata"], content["type"]) = ("v1", "Secret", new JsonObject { ["name"] = SecretName }, "Opaque");
        await cluster.CreateAsync(collection, content, cancellation);
    }

    private static string Read(string file)
    {
        try
        {
            return new FileInfo(file).Length is > 0 and <= MostBytes ? File.ReadAllText(file).Trim() : throw new UserError($"--llm-key-file {file} is to hold a key of 1 to {MostBytes} bytes.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"--llm-key-file {file} cannot be read: {error.Message}");
        }
    }
}
