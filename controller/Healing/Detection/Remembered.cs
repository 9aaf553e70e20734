using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection;

/// <summary>An object beside what is remembered of it.</summary>
internal static class Remembered
{
    /// <summary>The remembered object in its type, or null.</summary>
    public static T? Of<T>(Baseline memory, string name)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        memory.Of(typeof(T).GetKubernetesTypeMetadata().Kind, name) is { } good ? KubernetesJson.Deserialize<T>(good.Content.ToJsonString()) : null;

    /// <summary>Whether it is remembered, and now has another content.</summary>
    public static bool Changed(Baseline memory, IKubernetesObject<V1ObjectMeta> obj) =>
        memory.Of(NamespaceSnapshot.KindOf(obj), obj.Metadata.Name) is { } good && good.Digest != ObjectContent.Digest(JsonNode.Parse(KubernetesJson.Serialize((object)obj))!.AsObject());
}
