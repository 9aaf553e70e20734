using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api;

namespace Ops.Sandbox.Node.Control;

/// <summary>What all controllers of the sandbox share: caches of the kinds they look at, and the way to write.</summary>
internal sealed class ClusterState : IWriter, IDisposable
{
    private readonly LocalClient client;
    private readonly List<Action> starts = [];
    private readonly List<IDisposable> watches = [];
    private readonly Dictionary<Type, object> caches = [];

    public ClusterState(LocalClient client, TimeProvider clock, ILogger logger)
    {
        this.client = client;
        Clock = clock;
        Events = new EventRecorder(client, clock, logger);
        Namespaces = Cache<V1Namespace>();
        Nodes = Cache<V1Node>();
        Pods = Cache<V1Pod>();
        Deployments = Cache<V1Deployment>();
        ReplicaSets = Cache<V1ReplicaSet>();
        StatefulSets = Cache<V1StatefulSet>();
        DaemonSets = Cache<V1DaemonSet>();
        Revisions = Cache<V1ControllerRevision>();
        Jobs = Cache<V1Job>();
        Services = Cache<V1Service>();
        EndpointSlices = Cache<V1EndpointSlice>();
        ServiceAccounts = Cache<V1ServiceAccount>();
        Claims = Cache<V1PersistentVolumeClaim>();
        Volumes = Cache<V1PersistentVolume>();
        StorageClasses = Cache<V1StorageClass>();
    }

    public TimeProvider Clock { get; }

    public EventRecorder Events { get; }

    public LocalClient Client => client;

    public ObjectCache<V1Namespace> Namespaces { get; }

    public ObjectCache<V1Node> Nodes { get; }

    public ObjectCache<V1Pod> Pods { get; }

    public ObjectCache<V1Deployment> Deployments { get; }

    public ObjectCache<V1ReplicaSet> ReplicaSets { get; }

    public ObjectCache<V1StatefulSet> StatefulSets { get; }

    public ObjectCache<V1DaemonSet> DaemonSets { get; }

    public ObjectCache<V1ControllerRevision> Revisions { get; }

    public ObjectCache<V1Job> Jobs { get; }

    public ObjectCache<V1Service> Services { get; }

    public ObjectCache<V1EndpointSlice> EndpointSlices { get; }

    public ObjectCache<V1ServiceAccount> ServiceAccounts { get; }

    public ObjectCache<V1PersistentVolumeClaim> Claims { get; }

    public ObjectCache<V1PersistentVolume> Volumes { get; }

    public ObjectCache<V1StorageClass> StorageClasses { get; }

    /// <summary>Fills the caches from a list, so that nobody decides on half a picture, then follows the watches.</summary>
    public void Start()
    {
        foreach (var start in starts)
            start();
    }

    public T Create<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta> => Keep(client.Create(thing));

    public T Update<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta> => Keep(client.Update(thing));

    public T UpdateStatus<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta> => Keep(client.UpdateStatus(thing));

    public T Patch<T>(string? @namespace, string name, System.Text.Json.Nodes.JsonObject patch, string? subresource = null)
        where T : class, IKubernetesObject<V1ObjectMeta> => Keep(client.Patch<T>(@namespace, name, patch, subresource));

    public void Delete<T>(T thing) where T : class, IKubernetesObject<V1ObjectMeta> => Delete(thing, null);

    /// <summary>Deletes and remembers what is left: the object with its deletion mark, or nothing. One already gone is no error.</summary>
    public void Delete<T>(T thing, long? gracePeriodSeconds) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            client.Delete<T>(thing.Metadata.NamespaceProperty, thing.Metadata.Name, uid: thing.Metadata.Uid, gracePeriodSeconds: gracePeriodSeconds);
        }
        catch (ApiException refusal) when (refusal.IsNotFound)
        {
            // Somebody else was faster; the watch tells the rest.
            return;
        }
        if (client.Get<T>(thing.Metadata.NamespaceProperty, thing.Metadata.Name) is { } left && left.Metadata.Uid == thing.Metadata.Uid)
            CacheOf<T>().Put(left);
        else
            CacheOf<T>().Forget(thing);
    }

    /// <summary>Carries a plan out in order, telling what succeeded; a refused write ends it and the key comes back.</summary>
    public TimeSpan? Execute(Plan plan)
    {
        foreach (var write in plan.Writes)
        {
            try
            {
                var name = write.Execute(this);
                if (write.Tell is { } story)
                    Events.Tell(story with { Message = story.Message.Replace("{0}", name, StringComparison.Ordinal) });
            }
            catch (ApiException refusal)
            {
                if (write.TellRefusal is { } story && !refusal.IsConflict)
                    Events.Tell(story with { Message = story.Message.Replace("{0}", refusal.Message, StringComparison.Ordinal) });
                if (!refusal.IsConflict)
                    write.AfterRefusal?.Invoke(refusal.Message).Execute(this);
                throw;
            }
        }
        return plan.RequeueAfter;
    }

    public void Dispose()
    {
        foreach (var watch in watches)
            watch.Dispose();
    }

    private ObjectCache<T> Cache<T>() where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var cache = new ObjectCache<T>();
        caches[typeof(T)] = cache;
        starts.Add(() =>
        {
            foreach (var thing in client.List<T>())
                cache.Put(thing);
        });
        starts.Add(() => watches.Add(client.Watch<T>((type, thing) =>
        {
            if (type == WatchEventType.Deleted)
                cache.Drop(thing);
            else
                cache.Put(thing);
        })));
        return cache;
    }

    private ObjectCache<T> CacheOf<T>() where T : class, IKubernetesObject<V1ObjectMeta> => (ObjectCache<T>)caches[typeof(T)];

    private T Keep<T>(T answer) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (caches.TryGetValue(typeof(T), out var cache))
            ((ObjectCache<T>)cache).Put(answer);
        return answer;
    }
}
