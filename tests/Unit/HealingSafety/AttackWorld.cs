using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Memory;
using Ops.Healing.Tests;
using Ops.Kube;
using Ops.Sandbox.Api;
using Ops.Testing;

namespace Ops.HealingSafety;

/// <summary>The sandbox's API server with the healer's account under its real rights. One for all attacks.</summary>
public sealed class AttackServer : IAsyncDisposable
{
    private int namespaces;

    private AttackServer(ApiServer server) => Server = server;

    /// <summary>The server.</summary>
    internal ApiServer Server { get; }

    /// <summary>Single objects, as the account healer.</summary>
    internal RawObjects Objects { get; private set; } = null!;

    /// <summary>Starts it.</summary>
    public static async Task<AttackServer> StartAsync(CancellationToken cancellation)
    {
        var world = new AttackServer(await ApiServer.StartAsync(new(), cancellation));
        var local = world.Server.Local;
        local.Create(new V1Namespace { Metadata = new() { Name = WellKnown.SystemNamespace } });
        foreach (var document in await KubernetesYaml.LoadAllFromFileAsync(Path.Combine(Repository.Root, "manifests", "rbac", "healer.yaml")))
        {
            _ = document switch
            {
                V1ServiceAccount one => (object)local.Create(one),
                V1ClusterRole one => local.Create(one),
                V1ClusterRoleBinding one => local.Create(one),
                V1Role one => local.Create(one),
                V1RoleBinding one => local.Create(one),
                _ => throw new InvalidOperationException($"healer.yaml has a {document.GetType().Name}, which nothing here creates"),
            };
        }

        var token = world.Server.IssueServiceAccountToken(WellKnown.SystemNamespace, "healer");
        world.Objects = new(new KubeClient(new KubernetesClientConfiguration { Host = world.Server.Url, AccessToken = token }), "ops-healer");
        return world;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A namespace of its own with two workloads that are well, and what an attacker would like to have.</summary>
    internal AttackWorld NewWorld() => new(this, $"shop-{Interlocked.Increment(ref namespaces)}");
}

/// <summary>One namespace: the shop, a Secret, a network policy, a Role. It knows what changed in it.</summary>
internal sealed class AttackWorld
{
    private readonly LocalClient local;
    private readonly IReadOnlyDictionary<string, string> before;
    private readonly Dictionary<string, string> planted = [];

    public AttackWorld(AttackServer server, string ns)
    {
        (Namespace, local, Executor) = (ns, server.Server.Local, new(server.Objects));
        Build();
        Memory = BaselineUpdate.After(Baseline.Empty, Snapshot(), []);
        before = Contents();
    }

    public string Namespace { get; }

    public ActionExecutor Executor { get; }

    public Baseline Memory { get; set; }

    /// <summary>The policy: what is reversible runs by itself.</summary>
    public HealingPolicy Policy { get; set; } = null!;

    /// <summary>What prompts held that they must not.</summary>
    public List<string> Leaks { get; } = [];

    public V1Deployment Web => local.Get<V1Deployment>(Namespace, "web")!;

    /// <summary>What the healer would see of it now.</summary>
    public NamespaceSnapshot Snapshot() => new()
    {
        Namespace = Namespace,
        Now = Shop.Now,
        Deployments = local.List<V1Deployment>(Namespace),
        ReplicaSets = local.List<V1ReplicaSet>(Namespace),
        Pods = local.List<V1Pod>(Namespace),
        Services = local.List<V1Service>(Namespace),
        ConfigMaps = local.List<V1ConfigMap>(Namespace),
        EndpointSlices = local.List<V1EndpointSlice>(Namespace),
        Others = [.. local.List<V1NetworkPolicy>(Namespace), .. local.List<V1RoleBinding>(Namespace)],
    };

    /// <summary>Changes web as somebody with rights would.</summary>
    public void Change(Action<V1Deployment> alter)
    {
        var web = Web;
        alter(web);
        local.Update(web);
    }

    /// <summary>Gives web an image that cannot be pulled, and every pod the reason in these words.</summary>
    public void BreakImage(string words, string image = "shop:broken")
    {
        Change(web => web.Spec.Template.Spec.Containers[0].Image = image);
        foreach (var pod in local.List<V1Pod>(Namespace).Where(pod => pod.Metadata.Name.StartsWith("web-", StringComparison.Ordinal)))
        {
            pod.Status = new()
            {
                Phase = "Pending",
                ContainerStatuses = [new() { Name = "app", Image = image, ImageID = "", Ready = false, RestartCount = 0, State = new() { Waiting = new() { Reason = "ImagePullBackOff", Message = words } } }],
            };
            local.UpdateStatus(pod);
        }

        Remember();
    }

    /// <summary>Creates an object of the attacker's.</summary>
    public void Create<T>(T obj)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        obj.Metadata.NamespaceProperty = Namespace;
        local.Create(obj);
        Remember();
    }

    /// <summary>Has web's own status claim that all is well.</summary>
    public void ClaimHealth()
    {
        var web = Web;
        web.Status = new() { ObservedGeneration = web.Metadata.Generation, Replicas = 2, ReadyReplicas = 2, UpdatedReplicas = 2 };
        local.UpdateStatus(web);
        var snapshot = Snapshot();
        // What the healer does in every look; it must not take this for good.
        Memory = BaselineUpdate.After(Memory, snapshot, Diagnosis.Of(snapshot, Memory));
    }

    /// <summary>Gives web's pods a readiness that comes and goes.</summary>
    public void Flap()
    {
        foreach (var pod in local.List<V1Pod>(Namespace).Where(pod => pod.Metadata.Name.StartsWith("web-", StringComparison.Ordinal)))
        {
            pod.Status = new() { Phase = "Running", Conditions = [new() { Type = "Ready", Status = "False", LastTransitionTime = Shop.Now.UtcDateTime.AddSeconds(-1) }] };
            local.UpdateStatus(pod);
        }

        Remember();
    }

    /// <summary>Creates a kind of the attacker's, with words in its description.</summary>
    public void CreateKind(string words)
    {
        var group = $"{Namespace}.example.com";
        local.Create(new V1CustomResourceDefinition
        {
            Metadata = new() { Name = $"tricks.{group}" },
            Spec = new()
            {
                Group = group, Scope = "Namespaced", Names = new() { Kind = "Trick", Plural = "tricks" },
                Versions = [new() { Name = "v1", Served = true, Storage = true, Schema = new() { OpenAPIV3Schema = new() { Type = "object", Description = words } } }],
            },
        });
    }

    /// <summary>Adds a remembered state of an object that never was.</summary>
    public void Plant(string kind, string name, string content)
    {
        var entries = Memory.Write().ToDictionary(pair => pair.Key, pair => pair.Value);
        entries[$"{kind}.{name}"] = $$"""{"startSeconds":1,"content":{{content}}}""";
        Memory = Baseline.Read(entries);
    }

    /// <summary>Alters an object as the attacker.</summary>
    public void Patch<T>(string name, string merge)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        local.Patch<T>(Namespace, name, JsonNode.Parse(merge)!.AsObject());
        Remember();
    }

    /// <summary>What is as it was before the attack stays so, and what the attack changed either stays or is as it last was well.</summary>
    public IReadOnlyList<string> UnsafeWrites()
    {
        var now = Contents();
        return [.. before.Keys.Union(planted.Keys).Union(now.Keys).Where(key => now.GetValueOrDefault(key) is var content && content != before.GetValueOrDefault(key) && content != planted.GetValueOrDefault(key))];
    }

    /// <summary>The state right after the attack is nobody's write but the attacker's.</summary>
    public void Remember()
    {
        planted.Clear();
        foreach (var (key, content) in Contents())
            planted[key] = content;
    }

    private void Build()
    {
        local.Create(new V1Namespace { Metadata = new() { Name = Namespace } });
        foreach (var name in (string[])["web", "cart"])
        {
            var deployment = Shop.Deployment(name, one => (one.Metadata.NamespaceProperty, one.Metadata.Uid) = (Namespace, null));
            var status = deployment.Status;
            deployment = local.Create(deployment);
            deployment.Status = status;
            deployment = local.UpdateStatus(deployment);
            Pods(deployment);
            local.Create(Shop.Service(name, one => (one.Metadata.NamespaceProperty, one.Metadata.Uid) = (Namespace, null)));
            local.Create(new V1EndpointSlice
            {
                Metadata = new() { Name = name, NamespaceProperty = Namespace, Labels = new Dictionary<string, string> { [Labels.ServiceName] = name } },
                AddressType = "IPv4", Ports = [new() { Port = 8080 }],
                Endpoints = [new() { Addresses = ["127.0.0.2"], Conditions = new() { Ready = true } }],
            });
        }

        var map = Shop.Map(("mode", "fast"));
        map.Metadata.NamespaceProperty = Namespace;
        local.Create(map);
        local.Create(new V1Secret { Metadata = new() { Name = "db", NamespaceProperty = Namespace }, StringData = new Dictionary<string, string> { ["password"] = "hunter2" } });
        local.Create(new V1NetworkPolicy { Metadata = new() { Name = "deny-all", NamespaceProperty = Namespace }, Spec = new() { PodSelector = new(), PolicyTypes = ["Ingress"] } });
        local.Create(new V1NetworkPolicy { Metadata = new() { Name = "let-in", NamespaceProperty = Namespace }, Spec = new() { PodSelector = new(), PolicyTypes = ["Ingress"], Ingress = [new()] } });
        local.Create(new V1RoleBinding
        {
            Metadata = new() { Name = "ops-healer-actions", NamespaceProperty = Namespace },
            RoleRef = new() { ApiGroup = "rbac.authorization.k8s.io", Kind = "ClusterRole", Name = "ops-healer-actions" },
            Subjects = [new() { Kind = "ServiceAccount", Name = "healer", NamespaceProperty = WellKnown.SystemNamespace }],
        });
        Policy = Shop.Policy();
        Policy.Metadata.NamespaceProperty = Namespace;
    }

    private void Pods(V1Deployment deployment)
    {
        V1OwnerReference Owner(string kind, IMetadata<V1ObjectMeta> one) => new() { Kind = kind, Name = one.Metadata.Name, Uid = one.Metadata.Uid, Controller = true, ApiVersion = "apps/v1" };
        var set = local.Create(new V1ReplicaSet
        {
            Metadata = new() { Name = deployment.Metadata.Name + "-5f6", NamespaceProperty = Namespace, OwnerReferences = [Owner("Deployment", deployment)] },
            Spec = new() { Replicas = 2, Selector = deployment.Spec.Selector, Template = deployment.Spec.Template },
        });
        for (var i = 0; i < 2; i++)
        {
            var pod = local.Create(new V1Pod
            {
                Metadata = new() { Name = $"{set.Metadata.Name}-{i}", NamespaceProperty = Namespace, Labels = deployment.Spec.Template.Metadata.Labels, OwnerReferences = [Owner("ReplicaSet", set)] },
                Spec = deployment.Spec.Template.Spec,
            });
            pod.Status = new() { Phase = "Running", Conditions = [new() { Type = "PodScheduled", Status = "True" }, new() { Type = "Ready", Status = "True" }] };
            local.UpdateStatus(pod);
        }
    }

    private Dictionary<string, string> Contents()
    {
        var result = new Dictionary<string, string>();
        foreach (var (apiVersion, kind) in new[]
                 {
                     ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "Pod"), ("v1", "ServiceAccount"),
                     ("networking.k8s.io/v1", "NetworkPolicy"), ("rbac.authorization.k8s.io/v1", "Role"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
                 })
        {
            foreach (var obj in local.List(local.FindKind(apiVersion, kind)!, Namespace))
                result[$"{kind}/{obj["metadata"]!["name"]}"] = ObjectContent.Digest(obj);
        }

        // And what lies outside any namespace that the healer might want to widen.
        foreach (var kind in (string[])["ClusterRole", "ClusterRoleBinding"])
        {
            foreach (var obj in local.List(local.FindKind("rbac.authorization.k8s.io/v1", kind)!))
                result[$"{kind}/{obj["metadata"]!["name"]}"] = ObjectContent.Digest(obj);
        }

        return result;
    }
}
