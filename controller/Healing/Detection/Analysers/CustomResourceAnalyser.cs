using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Pools, routes and stores that say that their spec is at fault. It is the custom resource that has to be changed, never what the operator makes of it.</summary>
internal sealed class CustomResourceAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from obj in snapshot.Others
        where Remembered.Changed(memory, obj)
        let degraded = Conditions.Find(ConditionsOf(obj), ConditionTypes.Degraded)
        where degraded?.Status == "True"
        select new Finding(NamespaceSnapshot.KindOf(obj), obj.Metadata.Name, Causes.BadCustomResource, $"{degraded.Reason}: {degraded.Message}");

    /// <summary>Whether the operator has seen its newest spec, is done with it and calls it well.</summary>
    public static bool IsWell(IKubernetesObject<V1ObjectMeta> obj) => ObservedOf(obj) == obj.Metadata.Generation
        && ConditionsOf(obj) is { } conditions && Conditions.IsTrue(conditions, ConditionTypes.Ready)
        && !Conditions.IsTrue(conditions, ConditionTypes.Degraded) && !Conditions.IsTrue(conditions, ConditionTypes.Progressing);

    private static long? ObservedOf(IKubernetesObject<V1ObjectMeta> obj) => obj switch
    {
        ModelPool pool => pool.Status?.ObservedGeneration,
        ModelRoute route => route.Status?.ObservedGeneration,
        ShardedStore store => store.Status?.ObservedGeneration,
        _ => null,
    };

    /// <summary>The conditions of one of Ops's own objects; none of any other's.</summary>
    public static IEnumerable<V1Condition>? ConditionsOf(IKubernetesObject<V1ObjectMeta>? obj) => obj switch
    {
        ModelPool pool => pool.Status?.Conditions,
        ModelRoute route => route.Status?.Conditions,
        ShardedStore store => store.Status?.Conditions,
        _ => null,
    };
}
