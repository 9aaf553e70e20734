using k8s;
using Ops.Api;
using Ops.Cli.Kustomize;

namespace Ops.Cli.Train;

/// <summary>A route and the pools of its namespace, from files.</summary>
internal static class TrainedFiles
{
    /// <exception cref="UserError">The folder is no kustomization, or has no such route.</exception>
    public static (ModelRoute Route, IReadOnlyList<ModelPool> Pools) Read(string folder, (string Space, string Name) route)
    {
        var manifests = KustomizeReader.Read(Path.GetFullPath(folder));
        var found = manifests.FirstOrDefault(manifest => manifest.Kind == ModelRoute.KindName && manifest.Name == route.Name && (manifest.Namespace ?? "default") == route.Space)
            ?? throw new UserError($"{folder} has no ModelRoute {route.Name} in namespace {route.Space}.");
        return (
            KubernetesJson.Deserialize<ModelRoute>(found.Body.ToJsonString()),
            [.. manifests.Where(manifest => manifest.Kind == ModelPool.KindName).Select(manifest => KubernetesJson.Deserialize<ModelPool>(manifest.Body.ToJsonString()))]);
    }
}
