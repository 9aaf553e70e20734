using System.Net;
using k8s.Models;

namespace Ops.Kube;

/// <summary>Where the lease lives.</summary>
internal interface ILeaseStore
{
    /// <summary>Reads the lease; null if there is none.</summary>
    Task<V1Lease?> GetAsync(CancellationToken cancellationToken);

    /// <summary>Writes a lease that was not there (no resourceVersion) or that is still as it was read; null if another was faster.</summary>
    Task<V1Lease?> WriteAsync(V1Lease lease, CancellationToken cancellationToken);
}

/// <summary>The lease as an object of an API server.</summary>
internal sealed class KubeLeaseStore(KubeClient client, string ns, string name) : ILeaseStore
{
    /// <inheritdoc/>
    public Task<V1Lease?> GetAsync(CancellationToken cancellationToken) => client.GetAsync<V1Lease>(ns, name, cancellationToken);

    /// <inheritdoc/>
    public async Task<V1Lease?> WriteAsync(V1Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            return lease.Metadata.ResourceVersion is null
                ? await client.CreateAsync(lease, cancellationToken)
                : await client.ReplaceAsync(lease, cancellationToken);
        }
        catch (KubeApiException e) when (e.StatusCode is HttpStatusCode.Conflict)
        {
            return null;
        }
    }
}
