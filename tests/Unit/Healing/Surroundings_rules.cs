using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>What stands around workloads and Services: each fault is found at its own object, and only a change is a fault.</summary>
public sealed class Surroundings_rules
{
    [Theory]
    [InlineData("3", null)]
    [InlineData("1", Causes.QuotaTooSmall)]
    public void A_quota_below_what_runs_goes_back(string pods, string? cause) =>
        Expect(Quota("4"), Quota(pods), cause, "RestoreResourceQuota");

    [Theory]
    [InlineData("500m", null)]
    [InlineData("50m", Causes.LimitRangeTooSmall)]
    public void Limits_that_running_pods_would_not_pass_go_back(string cpu, string? cause) =>
        Expect(Limits("1"), Limits(cpu), cause, "RestoreLimitRange");

    [Theory]
    [InlineData("cart", null)]
    [InlineData("typo", Causes.WrongBackend)]
    public void An_Ingress_to_a_Service_that_does_not_exist_goes_back(string service, string? cause) =>
        Expect(Ingress("web"), Ingress(service), cause, "RestoreIngress");

    [Fact]
    public void A_network_policy_that_lets_nobody_in_any_more_goes_back() =>
        Expect(Network(new V1NetworkPolicyIngressRule()), Network(), Causes.NetworkPolicyDenies, "RestoreNetworkPolicy");

    [Fact]
    public void A_new_policy_is_its_authors_intention() => Diagnosis.Of(Around(Network()), Shop.Memory()).ShouldBeEmpty();

    [Fact]
    public void A_disruption_budget_that_allows_nothing_any_more_goes_back()
    {
        var (before, after) = (Around() with { DisruptionBudgets = [Budget("1")] }, Around() with { DisruptionBudgets = [Budget("0")] });
        Planned(before, after, Causes.DisruptionsBlocked).ShouldBe("RestorePodDisruptionBudget");
    }

    [Fact]
    public void Rights_of_a_workloads_account_come_back_and_rights_of_others_are_left_alone()
    {
        Expect(Binding("default"), null, Causes.AccessRevoked, "RecreateAccess");
        Expect(Binding("default"), Binding("stranger"), Causes.AccessRevoked, "RestoreAccess");
        Expect(Binding("stranger"), null, null, "");
    }

    [Fact]
    public void A_node_that_took_the_pods_takes_them_again_once_pods_wait()
    {
        Planned(On(Node()), On(Node(cordoned: true), waiting: true), Causes.NodeCordoned).ShouldBe("UncordonNode");
        Planned(On(Node()), On(Node(taint: "team"), waiting: true), Causes.TaintNotTolerated).ShouldBe("RemoveTaint");
        // Maintenance that hurts nobody, and what Kubernetes itself says of a node, stay.
        Diagnosis.Of(On(Node(cordoned: true)), After(On(Node()))).ShouldBeEmpty();
        Diagnosis.Of(On(Node(taint: "node.kubernetes.io/not-ready"), waiting: true), After(On(Node()))).ShouldHaveSingleItem().Cause.ShouldBe(Causes.Unschedulable);
    }

    [Fact]
    public void A_namespace_that_refuses_its_own_pods_gets_its_pod_security_level_back_and_another_reason_does_not()
    {
        Planned(Home(null), Home("restricted", refused: true), Causes.PodSecurityRefused).ShouldBe("RestorePodSecurity");
        var finding = Diagnosis.Of(Home(null, refused: true), After(Home(null))).ShouldHaveSingleItem();
        (finding.Kind, finding.Cause).ShouldBe((V1Deployment.KubeKind, Causes.CreationRefused));
    }

    [Fact]
    public void A_stricter_level_is_good_only_once_every_workload_has_had_a_pod_made_under_it()
    {
        var (loose, strict) = (Home(null), Home("restricted"));
        NamespaceSnapshot Since(TimeSpan ago) => strict with { AdmissionSince = new Dictionary<string, DateTimeOffset> { ["Namespace/shop"] = strict.Now - ago } };
        string? Level(NamespaceSnapshot snapshot) => (string?)BaselineUpdate.After(After(loose), snapshot, []).Of("Namespace", "shop")!.Content["metadata"]?["labels"]?[PodSecurityLabel];
        Level(strict).ShouldBeNull();
        Level(Since(TimeSpan.FromMinutes(1))).ShouldBeNull();
        Level(Since(TimeSpan.FromHours(1))).ShouldBe("restricted");
    }

    [Fact]
    public void Who_got_a_class_of_more_priority_and_took_the_room_of_others_is_rolled_back()
    {
        void Urgent(V1Pod pod) => pod.Spec.Priority = pod.Metadata.Name.StartsWith("cart", StringComparison.Ordinal) ? 100 : 0;
        var calm = Shop.Of([Shop.Deployment("web"), Shop.Deployment("cart")], [Shop.Service("web"), Shop.Service("cart")]);
        NamespaceSnapshot With(string? name) => Shop.Of(
            [Shop.Deployment("web"), Shop.Deployment("cart", one => one.Spec.Template.Spec.PriorityClassName = name)], [Shop.Service("web"), Shop.Service("cart")],
            pod =>
            {
                pod.Spec = KubernetesJson.Deserialize<V1PodSpec>(KubernetesJson.Serialize(pod.Spec));
                Urgent(pod);
                if (pod.Metadata.Name.StartsWith("web", StringComparison.Ordinal))
                    pod.Status.Conditions = [new() { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = "0/1 nodes are available: 1 Insufficient cpu." }];
            });
        Planned(calm, With("urgent"), Causes.PreemptsOthers).ShouldBe("RestoreTemplate");
        Diagnosis.Of(With(null), After(calm)).ShouldHaveSingleItem().Cause.ShouldBe(Causes.Unschedulable);
    }

    [Fact]
    public void A_Service_that_leads_only_to_its_callers_own_node_goes_back_where_a_node_has_no_pod()
    {
        NamespaceSnapshot With(string policy) =>
            Shop.Of([Shop.Deployment("web"), Shop.Deployment("cart")], [Shop.Service("web", one => one.Spec.InternalTrafficPolicy = policy), Shop.Service("cart")]) with { Nodes = [Node()] };
        Planned(With("Cluster"), With("Local"), Causes.LocalTrafficOnly).ShouldBe("RestoreService");
    }

    [Fact]
    public void An_autoscaler_without_requests_rolls_its_target_back()
    {
        V2HorizontalPodAutoscaler scaler = new()
        {
            Metadata = new() { Name = "web", NamespaceProperty = "shop" },
            Spec = new() { MaxReplicas = 3, ScaleTargetRef = new() { Kind = "Deployment", Name = "web" }, Metrics = [new() { Type = "Resource", Resource = new() { Name = "cpu", Target = new() { Type = "Utilization", AverageUtilization = 80 } } }] },
        };
        NamespaceSnapshot With(bool requests) => Shop.Of([Shop.Deployment("web", one => one.Spec.Template.Spec.Containers[0].Resources = requests ? Cpu("100m") : null)], [Shop.Service("web")]) with { Others = [scaler] };
        Planned(With(true), With(false), Causes.RequestsMissing).ShouldBe("RestoreTemplate");
    }

    [Fact]
    public void Pods_that_hold_an_old_Secret_are_made_anew_and_those_of_a_changed_template_are_not()
    {
        NamespaceSnapshot With(bool secret, bool ready) => Shop.Of(
            [Shop.Deployment("web", one => one.Spec.Template.Spec.Containers[0].Env = secret ? [new() { Name = "PASSWORD", ValueFrom = new() { SecretKeyRef = new() { Name = "db", Key = "password" } } }] : [])],
            [Shop.Service("web")],
            pod =>
            {
                if (!ready && pod.Metadata.Name.EndsWith('0'))
                    pod.Status.Conditions[1] = new() { Type = "Ready", Status = "False", LastTransitionTime = Shop.Now.UtcDateTime.AddSeconds(-30) };
            });
        Planned(With(true, true), With(true, false), Causes.StaleSecret).ShouldBe("RestartPod");
        Diagnosis.Of(With(false, false), After(With(false, true))).ShouldHaveSingleItem().Cause.ShouldBe(Causes.NotReady);
        Diagnosis.Of(With(true, false), After(With(false, true))).ShouldHaveSingleItem().Cause.ShouldBe(Causes.BadEnvironment);
    }

    [Fact]
    public void A_bad_pool_is_changed_in_the_pool_and_not_in_what_the_operator_makes_of_it()
    {
        ModelPool Pool(string image, bool isReady) => new()
        {
            Metadata = new() { Name = "chat", NamespaceProperty = "shop", Uid = "p", Generation = 1 },
            Spec = new() { Model = "m", Engine = new() { Image = image } },
            Status = new() { ObservedGeneration = 1, Conditions = [new() { Type = "Ready", Status = isReady ? "True" : "False" }, new() { Type = "Degraded", Status = isReady ? "False" : "True", Reason = "ImagePullBackOff", Message = "no such image" }] },
        };
        Expect(Pool("good", true), Pool("typo", false), Causes.BadCustomResource, "RestoreModelPool");

        var child = Shop.Deployment("chat", one =>
        {
            one.Spec.Replicas = 0;
            one.Metadata.OwnerReferences = [new() { ApiVersion = "ops.autonomic.dev/v1alpha1", Kind = "ModelPool", Name = "chat", Uid = "p", Controller = true }];
        });
        var memory = After(Shop.Of([Shop.Deployment("chat")], []));
        var finding = Diagnosis.Of(Shop.Of([child], []), memory).ShouldHaveSingleItem();
        (finding.Kind, finding.Name, finding.Cause).ShouldBe(("ModelPool", "chat", Causes.BadCustomResource));
    }

    private static NamespaceSnapshot Around(params IKubernetesObject<V1ObjectMeta>[] others) => Shop.Of(
        [Shop.Deployment("web", one => one.Spec.Template.Spec.Containers[0].Resources = Cpu("100m"))], [Shop.Service("web"), Shop.Service("cart")]) with { Others = others };

    private static NamespaceSnapshot On(V1Node node, bool waiting = false) => Shop.Of([Shop.Deployment("web")], [Shop.Service("web")], pod =>
    {
        pod.Spec = KubernetesJson.Deserialize<V1PodSpec>(KubernetesJson.Serialize(pod.Spec));
        pod.Spec.NodeName = waiting ? null : node.Metadata.Name;
        if (waiting)
            pod.Status.Conditions = [new() { Type = "PodScheduled", Status = "False", Reason = "Unschedulable" }];
    }) with { Nodes = [node] };

    private static Baseline After(NamespaceSnapshot snapshot) => BaselineUpdate.After(Baseline.Empty, snapshot, []);

    private static void Expect(IKubernetesObject<V1ObjectMeta> before, IKubernetesObject<V1ObjectMeta>? after, string? cause, string action)
    {
        var now = after is null ? Around() : Around(after);
        if (cause is null)
            Diagnosis.Of(now, After(Around(before))).ShouldBeEmpty();
        else
            Planned(Around(before), now, cause).ShouldBe(action);
    }

    private static string Planned(NamespaceSnapshot before, NamespaceSnapshot now, string cause)
    {
        var memory = After(before);
        Diagnosis.Of(before, memory).ShouldBeEmpty();
        var finding = Diagnosis.Of(now, memory).ShouldHaveSingleItem();
        finding.Cause.ShouldBe(cause);
        var action = RulePlanner.Plan(finding, now, memory).ShouldNotBeNull().Actions.ShouldHaveSingleItem();
        var policy = Shop.Policy(spec => spec with { Actions = [.. ActionCatalogue.All.Select(type => type.Type)] });
        var verdict = Guard.Check(new(Shop.Plan(action), policy, [], now, memory, 0));
        verdict.Kind.ShouldBe(GuardVerdictKind.Go, verdict.Reason);
        return action.Type;
    }

    private static V1ResourceRequirements Cpu(string amount) => new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(amount) } };

    private static V1ResourceQuota Quota(string pods) => new() { Metadata = Named(), Spec = new() { Hard = new Dictionary<string, ResourceQuantity> { ["pods"] = new(pods) } } };

    private static V1LimitRange Limits(string cpu) => new() { Metadata = Named(), Spec = new() { Limits = [new() { Type = "Container", Max = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } }] } };

    private static V1Ingress Ingress(string service) => new() { Metadata = Named(), Spec = new() { DefaultBackend = new() { Service = new() { Name = service, Port = new() { Number = 80 } } } } };

    private static V1NetworkPolicy Network(params V1NetworkPolicyIngressRule[] rules) => new() { Metadata = Named(), Spec = new() { PodSelector = new(), PolicyTypes = ["Ingress"], Ingress = rules } };

    private static V1PodDisruptionBudget Budget(string most) => new() { Metadata = Named(), Spec = new() { MaxUnavailable = most } };

    private static V1RoleBinding Binding(string account) => new()
    {
        Metadata = Named(), RoleRef = new() { Kind = "Role", Name = "reader", ApiGroup = "rbac.authorization.k8s.io" }, Subjects = [new() { Kind = "ServiceAccount", Name = account, NamespaceProperty = "shop" }],
    };

    private static V1Node Node(bool cordoned = false, string? taint = null) =>
        new() { Metadata = new() { Name = "n" }, Spec = new() { Unschedulable = cordoned ? true : null, Taints = taint is null ? null : [new() { Key = taint, Effect = "NoSchedule" }] } };

    private static V1ObjectMeta Named() => new() { Name = "shop", NamespaceProperty = "shop" };

    private const string PodSecurityLabel = "pod-security.kubernetes.io/enforce";

    private static NamespaceSnapshot Home(string? level, bool refused = false)
    {
        var home = new V1Namespace { Metadata = new() { Name = "shop", Labels = new Dictionary<string, string> { ["team"] = "shop" } } };
        if (level is not null)
            home.Metadata.Labels[PodSecurityLabel] = level;
        var snapshot = Around(home);
        if (refused)
            snapshot.ReplicaSets.First().Status = new() { Conditions = [new() { Type = "ReplicaFailure", Status = "True", Message = "pods \"web-1\" is forbidden" }] };
        return snapshot;
    }
}
