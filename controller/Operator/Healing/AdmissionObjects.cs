using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>
/// What decides over the new pods of a namespace and lies outside it: the namespace itself and the webhook configurations.
/// They are watched once, however many namespaces have a policy.
/// </summary>
internal sealed class AdmissionObjects
{
    // One entry an object of the three kinds, for as long as it exists.
    private readonly ConcurrentDictionary<string, DateTimeOffset> since = [];
    private readonly TimeProvider time;
    private readonly CacheIndex<V1ValidatingWebhookConfiguration> validatingOf;
    private readonly CacheIndex<V1MutatingWebhookConfiguration> mutatingOf;

    public AdmissionObjects(KubeClient client, TimeProvider time, ILoggerFactory logs)
    {
        this.time = time;
        (Namespaces, Validating, Mutating) = (Follow<V1Namespace>(client, logs), Follow<V1ValidatingWebhookConfiguration>(client, logs), Follow<V1MutatingWebhookConfiguration>(client, logs));
        validatingOf = Validating.AddIndex(NamespacesOf);
        mutatingOf = Mutating.AddIndex(NamespacesOf);
    }

    /// <summary>All namespaces.</summary>
    public ResourceCache<V1Namespace> Namespaces { get; }

    /// <summary>All configurations of validating webhooks.</summary>
    public ResourceCache<V1ValidatingWebhookConfiguration> Validating { get; }

    /// <summary>All configurations of mutating webhooks.</summary>
    public ResourceCache<V1MutatingWebhookConfiguration> Mutating { get; }

    /// <summary>When an object got the content that it has, by "Kind/name", as far as this process has seen it.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Since => since;

    /// <summary>The namespace and the configurations that are for it alone.</summary>
    public IEnumerable<IKubernetesObject<V1ObjectMeta>> Of(string ns) =>
        ((IKubernetesObject<V1ObjectMeta>?[])[Namespaces.Get(null, ns)]).OfType<IKubernetesObject<V1ObjectMeta>>().Concat(validatingOf[ns]).Concat(mutatingOf[ns]);

    /// <summary>The one namespace that a configuration is for, or none.</summary>
    public static IEnumerable<string> NamespacesOf(IKubernetesObject<V1ObjectMeta> configuration) =>
        OwnWebhooks.NamespaceOf(Json(configuration)["webhooks"]) is { } ns ? [ns] : [];

    private ResourceCache<T> Follow<T>(KubeClient client, ILoggerFactory logs)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var cache = new ResourceCache<T>(client, null, logs);
        cache.Changed += change =>
        {
            var key = $"{NamespaceSnapshot.KindOf(change.Object)}/{change.Object.Metadata.Name}";
            if (change.Kind == ChangeKind.Deleted)
                since.TryRemove(key, out _);
            else if (change.Old is null || ObjectContent.Digest(Json(change.Old)) != ObjectContent.Digest(Json(change.Object)))
                since[key] = time.GetUtcNow();
        };
        return cache;
    }

    private static JsonObject Json(IKubernetesObject<V1ObjectMeta> obj) => JsonNode.Parse(KubernetesJson.Serialize((object)obj))!.AsObject();
}
