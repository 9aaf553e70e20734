using System.Net;
using k8s;
using k8s.Models;
using Ops.Kube;

namespace Ops.Operator;

/// <summary>Writes a planned status, and tells people what turned.</summary>
internal sealed class StatusWriter(ApplyWriter writer, EventRecorder events)
{
    /// <summary>Writes the intent's status if it differs from what is observed.</summary>
    /// <param name="intent">metadata.name, metadata.namespace and the planned status.</param>
    /// <param name="observed">The object as the cache holds it.</param>
    /// <param name="conditions">Gives the conditions of either.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task WriteAsync<T>(T intent, T observed, Func<T, IEnumerable<V1Condition>?> conditions, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            if ((await writer.ApplyStatusAsync(intent, observed, cancellationToken)).Changed)
                ConditionEvents.Record(events, observed, conditions(observed), conditions(intent));
        }
        catch (KubeApiException error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            // Deleted since the cache saw it: nobody is left to show a status to.
        }
    }
}
