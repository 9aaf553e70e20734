using Ops.Cli.Kustomize;

namespace Ops.Cli.Up;

/// <summary>Applies a set of manifests in an order that works at the first try: kinds, namespaces, then the rest as written.</summary>
internal sealed class Deployer(ClusterClient cluster, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    // The API server establishes a kind within milliseconds; ten seconds mean it never will.
    private static readonly TimeSpan EstablishLimit = TimeSpan.FromSeconds(10);

    /// <summary>Applies all manifests.</summary>
    /// <returns>A line for each object that the user has changed since, and that was therefore left alone.</returns>
    /// <exception cref="UserError">One is refused.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(IReadOnlyList<Manifest> manifests, CancellationToken cancellation)
    {
        var kept = new List<string>();
        foreach (var manifest in manifests.OrderBy(Rank))
            if (await cluster.ApplyAsync(manifest, cancellation) is { Count: > 0 } fields)
                kept.Add($"{manifest} stays as you changed it ({string.Join(", ", fields)})");
        return kept;
    }

    /// <summary>Applies only the custom resource definitions and waits until their kinds are served.</summary>
    public async Task ApplyKindsAsync(IReadOnlyList<Manifest> manifests, CancellationToken cancellation)
    {
        var kinds = manifests.Where(manifest => Rank(manifest) == 0).ToList();
        foreach (var kind in kinds)
            await cluster.ApplyAsync(kind, cancellation);

        var start = time.GetTimestamp();
        foreach (var kind in kinds)
            while (!await IsEstablishedAsync(kind, cancellation))
            {
                if (time.GetElapsedTime(start) > EstablishLimit)
                    throw new UserError($"{kind} was applied, but the API server does not serve it after {EstablishLimit.TotalSeconds:0} s.");
                await Task.Delay(PollInterval, time, cancellation);
            }
    }

    private async Task<bool> IsEstablishedAsync(Manifest kind, CancellationToken cancellation) =>
        Conditions.IsTrue(await cluster.GetAsync($"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind.Name}", cancellation), "Established");

    private static int Rank(Manifest manifest) => manifest.Kind switch
    {
        "CustomResourceDefinition" => 0,
        "Namespace" => 1,
        // Workloads come last: what they mount and whom they run as is there then.
        "Deployment" or "StatefulSet" => 3,
        _ => 2,
    };
}
