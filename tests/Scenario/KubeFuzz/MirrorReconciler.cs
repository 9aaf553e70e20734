using k8s.Models;

namespace Ops.KubeFuzz.Tests;

/// <summary>A small controller: each ConfigMap that is a source has a Secret of its name with the same value, and no other.</summary>
internal sealed class MirrorReconciler(ResourceCache<V1ConfigMap> sources, ResourceCache<V1Secret> copies, ApplyWriter writer) : IReconciler
{
    public const string Selector = "role=source";
    public const string CopySelector = "role=copy";

    public async Task<Requeue> ReconcileAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var source = sources.Get(key);
        var copy = copies.Get(key);
        if (source is null)
        {
            if (copy is not null)
                await writer.DeleteAsync(copy, cancellationToken: cancellationToken);
            return Requeue.None;
        }

        await writer.ApplyAsync(CopyOf(source), copy, cancellationToken);
        return Requeue.None;
    }

    public static V1Secret CopyOf(V1ConfigMap source) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Metadata = new V1ObjectMeta
        {
            Name = source.Metadata.Name,
            NamespaceProperty = source.Metadata.NamespaceProperty,
            Labels = new Dictionary<string, string> { ["role"] = "copy" },
        },
        Type = "Opaque",
        Data = source.Data.ToDictionary(d => d.Key, d => System.Text.Encoding.UTF8.GetBytes(d.Value)),
    };
}
