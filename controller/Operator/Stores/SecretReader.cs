using System.Net;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Planning;

namespace Ops.Operator.Stores;

/// <summary>Reads one Secret of a store every few seconds: the operator has no right to list or watch Secrets.</summary>
/// <param name="client">The API server.</param>
/// <param name="time">The clock.</param>
/// <param name="field">The field that names the Secret, for messages.</param>
/// <param name="sample">The sample that grants the right to read it.</param>
internal sealed class SecretReader(KubeClient client, TimeProvider time, string field, string sample)
{
    private static readonly TimeSpan BetweenReads = TimeSpan.FromSeconds(5);

    private DateTimeOffset _read;

    /// <summary>Reads it when it is time to, and hands it on; null where there is none.</summary>
    /// <returns>Why it cannot be read; null where it was, or where it was not time to.</returns>
    internal async Task<PlanProblem?> ReadAsync(ShardedStore store, string name, Action<string, V1Secret?> take, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - _read < BetweenReads)
            return null;
        _read = time.GetUtcNow();
        try
        {
            take(name, await client.GetAsync<V1Secret>(store.Metadata.NamespaceProperty, name, cancellationToken));
            return null;
        }
        catch (KubeApiException forbidden) when (forbidden.StatusCode == HttpStatusCode.Forbidden)
        {
            return new("SecretForbidden", $"{field}: the operator may not read Secret {name}; grant its account get on it, as manifests/samples/{sample} does");
        }
    }
}
