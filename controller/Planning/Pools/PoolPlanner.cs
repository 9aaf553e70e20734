using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Planning.Fleet;

namespace Ops.Planning.Pools;

/// <summary>ModelPool -> Deployment and Service. Pure: the same input gives the same plan.</summary>
public static class PoolPlanner
{
    /// <summary>Plans a pool.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="deployment">The Deployment of the pool's name as observed, or null.</param>
    /// <param name="service">The Service of the pool's name as observed, or null.</param>
    /// <param name="fleet">What the fleet's plan asks of the pool; null while there is none, and the one shown in its status counts.</param>
    /// <param name="shared">Which pools share its pods; null for none.</param>
    public static PoolPlan Plan(ModelPool pool, V1Deployment? deployment, V1Service? service, PoolTarget? fleet = null, CoResidence? shared = null)
    {
        shared ??= CoResidence.None;
        if (pool.Metadata.DeletionTimestamp is not null)
            return PoolPlan.Nothing("the pool is being deleted; its objects go with it by their owner references");
        if (pool.Spec.Suspend)
            return PoolPlan.Nothing("spec.suspend is true");
        if (ModelPoolRules.Broken(pool).FirstOrDefault() is { } broken)
            return PoolPlan.Blocked(new("InvalidSpec", broken));
        if (Taken(pool, "Deployment", deployment) is { } taken || (taken = Taken(pool, "Service", service)) is not null)
            return PoolPlan.Blocked(taken);

        if (pool.Spec.CoResident is not null)
            return Guest(pool, deployment, shared);
        var replicas = Replicas(pool, fleet);
        var (template, problem) = PodTemplateOverlay.Apply(PoolPod.Template(pool, shared), pool.Spec.PodTemplate);
        if (problem is not null)
            return PoolPlan.Blocked(problem);
        return new(
            Deployment(pool, Stamped(template!), replicas),
            Service(pool, pool, engines: 1),
            null,
            $"{replicas} x {pool.Spec.Model} on {pool.Spec.Gpu.EffectiveCount} {pool.Spec.Gpu.Product} by {pool.Spec.Engine.Type}, generation {pool.Metadata.Generation}");
    }

    // A guest has no pods: its Service leads to those of its host.
    private static PoolPlan Guest(ModelPool pool, V1Deployment? deployment, CoResidence shared)
    {
        if (shared.Problem is { } problem)
            return PoolPlan.Blocked(problem);
        if (shared.Host is not { } host)
            return PoolPlan.Blocked(new("HostMissing", $"spec.coResident.host: ModelPool {pool.Spec.CoResident!.Host} is not known yet"));
        if (deployment is not null)
            return PoolPlan.Blocked(new("NameConflict", $"Deployment {pool.Metadata.Name} is left from before spec.coResident was set; delete it, its GPUs are no longer needed"));
        var engines = CoResidence.EnginesByPod(pool, host);
        return new(null, Service(pool, host, engines), null, $"{engines} x {pool.Spec.Model} in each pod of {host.Metadata.Name}, generation {pool.Metadata.Generation}");
    }

    /// <summary>Replicas that are to run: those of the spec, or fewer where an energy budget does not allow them.</summary>
    public static int Replicas(ModelPool pool, PoolTarget? fleet)
    {
        var plan = fleet is null ? pool.Status?.Plan : fleet.Plan;
        return plan?.Budget is null ? pool.Spec.EffectiveReplicas : Math.Min(plan.Replicas, pool.Spec.EffectiveReplicas);
    }

    /// <summary>The label selector of a pool's pods, as text.</summary>
    public static string Selector(ModelPool pool) => $"{Labels.Pool}={pool.Metadata.Name}";

    /// <summary>Whether an object is controlled by this very pool (not by an earlier one of the same name).</summary>
    public static bool IsOwn(ModelPool pool, IMetadata<V1ObjectMeta> obj) =>
        obj.Metadata.OwnerReferences?.Any(owner => owner.Controller == true && owner.Uid == pool.Metadata.Uid) == true;

    private static PlanProblem? Taken(ModelPool pool, string kind, IMetadata<V1ObjectMeta>? observed) =>
        observed is null || IsOwn(pool, observed)
            ? null
            : new("NameConflict", $"{kind} {pool.Metadata.Name} exists and does not belong to this pool; delete it or rename the pool");

    private static V1PodTemplateSpec Stamped(V1PodTemplateSpec template)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(KubernetesJson.Serialize(template)));
        template.Metadata.Annotations ??= new Dictionary<string, string>();
        template.Metadata.Annotations[Annotations.Template] = Convert.ToHexStringLower(digest)[..16];
        return template;
    }

    private static V1Deployment Deployment(ModelPool pool, V1PodTemplateSpec template, int replicas) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = Metadata(pool),
        Spec = new()
        {
            Replicas = replicas,
            Selector = new() { MatchLabels = new Dictionary<string, string> { [Labels.Pool] = pool.Metadata.Name } },
            RevisionHistoryLimit = 5,
            // Loading a model takes minutes; the startup probe has the exact limit, this one adds scheduling and pulling.
            ProgressDeadlineSeconds = 3600,
            Strategy = new()
            {
                Type = "RollingUpdate",
                // GPUs are rarely to spare: with several replicas one makes room for its successor. A single replica
                // is kept until its successor is ready, and where no GPU is free the pool says so.
                RollingUpdate = new() { MaxSurge = 1, MaxUnavailable = replicas > 1 ? 1 : 0 },
            },
            Template = template,
        },
    };

    private static V1Service Service(ModelPool pool, ModelPool host, int engines) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = Metadata(pool),
        Spec = new()
        {
            Selector = new Dictionary<string, string> { [Labels.Pool] = host.Metadata.Name },
            Ports = [.. Enumerable.Range(0, engines).Select(engine => Port(pool, engine, isGuest: pool != host))],
        },
    };

    private static V1ServicePort Port(ModelPool pool, int engine, bool isGuest)
    {
        var port = pool.Spec.Engine.EffectivePort + engine;
        return new()
        {
            Name = WellKnown.HttpPort(engine),
            Port = port,
            TargetPort = isGuest ? port : WellKnown.HttpPortName,
            Protocol = "TCP",
        };
    }

    private static V1ObjectMeta Metadata(ModelPool pool) => new()
    {
        Name = pool.Metadata.Name,
        NamespaceProperty = pool.Metadata.NamespaceProperty,
        Labels = PoolPod.Labels(pool),
        OwnerReferences =
        [
            new()
            {
                ApiVersion = pool.ApiVersion,
                Kind = ModelPool.KindName,
                Name = pool.Metadata.Name,
                Uid = pool.Metadata.Uid,
                Controller = true,
                BlockOwnerDeletion = true,
            },
        ],
    };
}
