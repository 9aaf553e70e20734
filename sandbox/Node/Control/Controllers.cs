using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Node.Objects;
using Ops.Sandbox.Node.Services;
using Ops.Sandbox.Node.Volumes;
using Ops.Sandbox.Node.Workloads;

namespace Ops.Sandbox.Node.Control;

/// <summary>The controllers of the sandbox: for each its planner, and which changes make it look.</summary>
internal sealed class Controllers : IAsyncDisposable
{
    private readonly ClusterState state;
    private readonly ILogger logger;
    private readonly List<ReconcileLoop> loops = [];

    public Controllers(ClusterState state, ILogger logger)
    {
        this.state = state;
        this.logger = logger;
        var sets = Loop("replicaset", Plans(state.ReplicaSets, set => ReplicaSetPlanner.Make(set, state.Pods.In(set.Namespace()), Now)));
        OnChange(state.ReplicaSets, sets);
        OnOwned(state.Pods, "ReplicaSet", sets);
        OnOrphan(state.Pods, state.ReplicaSets, sets, set => set.Spec.Selector);

        var deployments = Loop("deployment", Plans(state.Deployments, deployment =>
            DeploymentPlanner.Make(deployment, state.ReplicaSets.In(deployment.Namespace()), state.Pods.In(deployment.Namespace()), Now)));
        OnChange(state.Deployments, deployments);
        OnOwned(state.ReplicaSets, "Deployment", deployments);
        OnPodGone(deployments);

        var statefulSets = Loop("statefulset", Plans(state.StatefulSets, set => StatefulSetPlanner.Make(
            set, state.Pods.In(set.Namespace()), state.Revisions.In(set.Namespace()), state.Claims.In(set.Namespace()).Select(claim => claim.Name()).ToHashSet(StringComparer.Ordinal), Now)));
        OnChange(state.StatefulSets, statefulSets);
        OnOwned(state.Pods, "StatefulSet", statefulSets);
        OnOwned(state.Revisions, "StatefulSet", statefulSets);

        var daemonSets = Loop("daemonset", Plans(state.DaemonSets, set =>
            DaemonSetPlanner.Make(set, state.Pods.In(set.Namespace()), state.Nodes.All(), state.Revisions.In(set.Namespace()), Now)));
        OnChange(state.DaemonSets, daemonSets);
        OnOwned(state.Pods, "DaemonSet", daemonSets);
        OnOwned(state.Revisions, "DaemonSet", daemonSets);
        state.Nodes.Changed += (_, _) => EnqueueAll(state.DaemonSets, daemonSets);

        var jobs = Loop("job", Plans(state.Jobs, job => JobPlanner.Make(job, state.Pods.In(job.Namespace()), Now)));
        OnChange(state.Jobs, jobs);
        OnOwned(state.Pods, "Job", jobs);

        var slices = Loop("endpointslice", Plans(state.Services, service =>
            EndpointSlicePlanner.Make(service, state.Pods.In(service.Namespace()), state.EndpointSlices.In(service.Namespace()), Now)));
        OnChange(state.Services, slices);
        OnOwned(state.EndpointSlices, "Service", slices);
        state.Pods.Changed += (before, after) => EnqueueServicesOf(before, after, slices);

        var claims = Loop("persistentvolume", key => state.Execute(state.Claims.Get(key.Namespace, key.Name) is { } claim
            ? ClaimPlanner.Make(claim, state.Volumes.All(), state.StorageClasses.All())
            : ClaimPlanner.Release(key.Namespace, key.Name, state.Volumes.All())));
        OnChange(state.Claims, claims);
        state.Volumes.Changed += (before, after) =>
        {
            if ((after ?? before)!.Spec.ClaimRef is { } owner)
                claims.Enqueue(new ObjectName(owner.NamespaceProperty, owner.Name));
            else
                EnqueueAll(state.Claims, claims);
        };
        state.StorageClasses.Changed += (_, _) => EnqueueAll(state.Claims, claims);

        var accounts = Loop("serviceaccount", MakeDefaultAccount);
        state.Namespaces.Changed += (_, after) => EnqueueIf(after is not null, accounts, "", after?.Name() ?? string.Empty);
        state.ServiceAccounts.Changed += (before, after) => EnqueueIf(after is null && before?.Name() == "default", accounts, "", before?.Namespace() ?? string.Empty);
    }

    private DateTimeOffset Now => state.Clock.GetUtcNow();

    public async ValueTask DisposeAsync()
    {
        foreach (var loop in loops)
            await loop.DisposeAsync();
    }

    private ReconcileLoop Loop(string name, Func<ObjectName, TimeSpan?> reconcile)
    {
        var loop = new ReconcileLoop(name, reconcile, state.Clock, logger);
        loops.Add(loop);
        return loop;
    }

    private Func<ObjectName, TimeSpan?> Plans<T>(ObjectCache<T> cache, Func<T, Plan> plan) where T : class, IKubernetesObject<V1ObjectMeta> => key =>
    {
        if (cache.Get(key.Namespace, key.Name) is not { } thing)
            return null;
        var made = plan(thing);
        return made.Writes.Count == 0 || IsCurrent(thing) ? state.Execute(made) : null;
    };

    // Its dependents may be told gone or released before its own deletion mark is told here. Acting on such a picture makes
    // or adopts what the collector has just settled; upstream reads the mark again as well. The watch brings the key back.
    private bool IsCurrent<T>(T seen) where T : class, IKubernetesObject<V1ObjectMeta> =>
        state.Client.Get<T>(seen.Namespace(), seen.Name()) is { } live && live.Metadata.Uid == seen.Metadata.Uid
            && live.Metadata.DeletionTimestamp is null == seen.Metadata.DeletionTimestamp is null;

    /// <summary>Makes the default accounts of namespaces that are there already, before any pod asks for one.</summary>
    public void MakeDefaultAccounts()
    {
        foreach (var one in state.Namespaces.All())
            MakeDefaultAccount(new ObjectName(string.Empty, one.Name()));
    }

    /// <summary>Makes the default storage class where there is none yet of its name.</summary>
    public void MakeStorageClass()
    {
        if (state.StorageClasses.Get("", ClaimPlanner.DefaultClass) is null)
            state.Create(ClaimPlanner.Standard);
    }

    /// <summary>Every namespace has a service account named default, as long as it is not on its way out.</summary>
    private TimeSpan? MakeDefaultAccount(ObjectName key)
    {
        if (state.Namespaces.Get("", key.Name) is not { Metadata.DeletionTimestamp: null } || state.ServiceAccounts.Get(key.Name, "default") is not null)
            return null;
        var account = new V1ServiceAccount { ApiVersion = "v1", Kind = "ServiceAccount", Metadata = new V1ObjectMeta { Name = "default", NamespaceProperty = key.Name } };
        try
        {
            state.Create(account);
        }
        catch (Api.ApiException refusal) when (refusal.IsConflict)
        {
            // There already; the watch brings it.
        }
        return null;
    }

    private static void OnChange<T>(ObjectCache<T> cache, ReconcileLoop loop) where T : class, IKubernetesObject<V1ObjectMeta> =>
        cache.Changed += (before, after) => Enqueue(loop, (after ?? before)!);

    private static void OnOwned<T>(ObjectCache<T> cache, string ownerKind, ReconcileLoop loop) where T : class, IKubernetesObject<V1ObjectMeta> =>
        cache.Changed += (before, after) =>
        {
            foreach (var thing in new[] { before, after })
            {
                if (thing is not null && Owners.ControllerOf(thing) is { } owner && owner.Kind == ownerKind)
                    loop.Enqueue(new ObjectName(thing.Namespace() ?? string.Empty, owner.Name));
            }
        };

    /// <summary>A pod without an owner may be adopted by a set that selects it.</summary>
    private static void OnOrphan(ObjectCache<V1Pod> pods, ObjectCache<V1ReplicaSet> sets, ReconcileLoop loop, Func<V1ReplicaSet, V1LabelSelector> selector) =>
        pods.Changed += (_, after) =>
        {
            if (after is null || Owners.ControllerOf(after) is not null)
                return;
            foreach (var set in sets.In(after.Namespace()).Where(set => Selectors.Matches(selector(set), after.Metadata.Labels)))
                Enqueue(loop, set);
        };

    /// <summary>A Deployment that recreates waits for the last old pod to be gone.</summary>
    private void OnPodGone(ReconcileLoop deployments) => state.Pods.Changed += (before, after) =>
    {
        if (before is null || (after is not null && Pods.IsActive(after)) || Owners.ControllerOf(before) is not { Kind: "ReplicaSet" } owner)
            return;
        if (state.ReplicaSets.Get(before.Namespace(), owner.Name) is { } set && Owners.ControllerOf(set) is { Kind: "Deployment" } deployment)
            deployments.Enqueue(new ObjectName(set.Namespace(), deployment.Name));
    };

    private void EnqueueServicesOf(V1Pod? before, V1Pod? after, ReconcileLoop slices)
    {
        foreach (var service in state.Services.In((after ?? before)!.Namespace()))
        {
            if (Selectors.MatchesMap(service.Spec.Selector, before?.Metadata.Labels) || Selectors.MatchesMap(service.Spec.Selector, after?.Metadata.Labels))
                Enqueue(slices, service);
        }
    }

    private static void EnqueueAll<T>(ObjectCache<T> cache, ReconcileLoop loop) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        foreach (var thing in cache.All())
            Enqueue(loop, thing);
    }

    private static void EnqueueIf(bool condition, ReconcileLoop loop, string @namespace, string name)
    {
        if (condition)
            loop.Enqueue(new ObjectName(@namespace, name));
    }

    private static void Enqueue<T>(ReconcileLoop loop, T thing) where T : class, IKubernetesObject<V1ObjectMeta> =>
        loop.Enqueue(new ObjectName(thing.Namespace() ?? string.Empty, thing.Name()));
}
