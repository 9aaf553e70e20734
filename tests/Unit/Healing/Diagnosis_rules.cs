using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Memory;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>Each fault: noticed, at the right object, with the right cause, and answered by the right action.</summary>
public sealed class Diagnosis_rules
{
    [Fact]
    public void Nothing_is_wrong_with_what_is_well()
    {
        Diagnosis.Of(Shop.Well(), Shop.Memory()).ShouldBeEmpty();
        Diagnosis.Of(Shop.Well(), Baseline.Empty).ShouldBeEmpty();
    }

    [Fact]
    public void A_workload_that_was_scaled_to_nothing_gets_its_replicas_back() =>
        Expect(Changed(one => one.Spec.Replicas = 0), "Deployment/web", Causes.ScaledToZero, "ScaleWorkload")["replicas"].ShouldBe("2");

    [Fact]
    public void A_workload_that_never_ran_is_left_alone() =>
        Diagnosis.Of(Changed(one => one.Spec.Replicas = 0), Baseline.Empty).ShouldBeEmpty();

    [Theory]
    [InlineData("ErrImagePull", Causes.BadImage)]
    [InlineData("CrashLoopBackOff", Causes.BadImage)]
    public void A_bad_image_is_rolled_back(string reason, string cause) =>
        Expect(Changed(one => Container(one).Image = "shop:typo", pod => Waits(pod, reason)), "Deployment/web", cause, "RestoreTemplate");

    [Fact]
    public void A_bad_command_is_rolled_back() =>
        Expect(Changed(one => Container(one).Command = ["/none"], pod => Waits(pod, "CrashLoopBackOff")), "Deployment/web", Causes.BadCommand, "RestoreTemplate");

    [Fact]
    public void A_missing_variable_is_rolled_back() =>
        Expect(Changed(one => Container(one).Env = [], pod => Waits(pod, "CrashLoopBackOff")), "Deployment/web", Causes.BadEnvironment, "RestoreTemplate");

    [Fact]
    public void A_single_crash_of_an_unchanged_template_is_what_restarts_are_for() =>
        Diagnosis.Of(Changed(_ => { }, pod => pod.Status.ContainerStatuses = [new() { Name = "app", State = new() { Terminated = new() { ExitCode = 1 } } }]), Shop.Memory()).ShouldBeEmpty();

    [Fact]
    public void A_wrong_probe_is_rolled_back_once_the_pod_takes_longer_than_it_ever_did()
    {
        NamespaceSnapshot After(double seconds) => Changed(
            one => Container(one).ReadinessProbe.HttpGet.Path = "/typo",
            pod =>
            {
                pod.Metadata.CreationTimestamp = Shop.Now.UtcDateTime.AddSeconds(-seconds);
                pod.Status.Conditions[1] = new() { Type = "Ready", Status = "False", LastTransitionTime = pod.Metadata.CreationTimestamp };
            });

        // Its pods took 3 s: twice that and 5 s are the patience.
        Diagnosis.Of(After(10), Shop.Memory()).ShouldBeEmpty();
        Expect(After(12), "Deployment/web", Causes.WrongProbe, "RestoreTemplate");
    }

    [Fact]
    public void A_process_that_was_ready_and_runs_on_is_not_given_the_time_of_a_start()
    {
        var made = Shop.Now.UtcDateTime.AddMinutes(-10);
        static V1PodCondition Ready(bool isReady, DateTime since) => new() { Type = "Ready", Status = isReady ? "True" : "False", LastTransitionTime = since };
        // On a busy machine its pods took 80 s to start.
        var slow = BaselineUpdate.After(Baseline.Empty, Changed(_ => { }, pod => pod.Status.Conditions[1] = Ready(true, made.AddSeconds(80))), []);
        NamespaceSnapshot Lost(double secondsAgo, DateTime started) => Changed(_ => { }, pod =>
        {
            pod.Status.Conditions[1] = Ready(false, Shop.Now.UtcDateTime.AddSeconds(-secondsAgo));
            pod.Status.ContainerStatuses = [new() { Name = "app", State = new() { Running = new() { StartedAt = started } } }];
        });
        bool IsFound(NamespaceSnapshot snapshot) => Diagnosis.Of(snapshot, slow).Any(finding => finding is { Name: "web", Cause: Causes.NotReady });
        IsFound(Lost(29, made)).ShouldBeFalse();
        IsFound(Lost(31, made)).ShouldBeTrue();
        // A container that was started anew starts: twice what it took, and 5 s.
        IsFound(Lost(160, Shop.Now.UtcDateTime.AddSeconds(-150))).ShouldBeFalse();
        IsFound(Lost(170, Shop.Now.UtcDateTime.AddSeconds(-160))).ShouldBeTrue();
    }

    [Fact]
    public void A_nodeSelector_that_matches_no_node_is_rolled_back() =>
        Expect(
            Changed(one => one.Spec.Template.Spec.NodeSelector = new Dictionary<string, string> { ["disk"] = "gold" }, pod => Unscheduled(pod, "0/2 nodes are available")),
            "Deployment/web", Causes.NodeSelectorMatchesNothing, "RestoreTemplate");

    [Fact]
    public void A_request_that_fits_no_node_is_rolled_back() =>
        Expect(
            Changed(one => Container(one).Resources = new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("900") } }, pod => Unscheduled(pod, "Insufficient cpu")),
            "Deployment/web", Causes.RequestTooLarge, "RestoreTemplate");

    [Fact]
    public void Pods_that_wait_without_a_change_have_no_rule()
    {
        var snapshot = Changed(_ => { }, pod => Unscheduled(pod, "0/2 nodes are available"));
        var finding = Diagnosis.Of(snapshot, Shop.Memory()).ShouldHaveSingleItem();
        finding.Cause.ShouldBe(Causes.Unschedulable);
        RulePlanner.Plan(finding, snapshot, Shop.Memory()).ShouldBeNull();
    }

    [Fact]
    public void An_entry_that_a_ConfigMap_lost_is_found_before_the_next_pod_needs_it() =>
        Expect(Shop.Well() with { ConfigMaps = [Shop.Map()] }, "ConfigMap/settings", Causes.ConfigMapKeyMissing, "RestoreConfigMap");

    [Fact]
    public void A_ConfigMap_that_is_gone_is_made_anew() =>
        Expect(Shop.Well() with { ConfigMaps = [] }, "ConfigMap/settings", Causes.ConfigMapMissing, "RecreateObject");

    [Fact]
    public void A_deleted_Service_is_made_anew_while_its_pods_are_there()
    {
        Expect(Shop.Of([Shop.Deployment("web"), Shop.Deployment("cart")], [Shop.Service("cart")]), "Service/web", Causes.ServiceDeleted, "RecreateObject");
        Diagnosis.Of(Shop.Of([Shop.Deployment("cart")], [Shop.Service("cart")]), Shop.Memory()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("app", "typo", Causes.WrongSelector)]
    [InlineData("app", "cart", Causes.WrongSelector)]
    [InlineData("part-of", "shop", Causes.SelectorTooBroad)]
    public void A_wrong_selector_goes_back(string label, string value, string cause) =>
        Expect(Serving(service => service.Spec.Selector = new Dictionary<string, string> { [label] = value }), "Service/web", cause, "RestoreService");

    [Theory]
    [InlineData("https")]
    [InlineData("9999")]
    public void A_wrong_targetPort_goes_back(string port) =>
        Expect(Serving(service => service.Spec.Ports[0].TargetPort = port), "Service/web", Causes.WrongTargetPort, "RestoreService");

    [Fact]
    public void A_change_that_works_becomes_what_is_remembered()
    {
        var snapshot = Serving(service => service.Spec.Ports[0].TargetPort = "8080");
        Diagnosis.Of(snapshot, Shop.Memory()).ShouldBeEmpty();
        BaselineUpdate.After(Shop.Memory(), snapshot, []).Of("Service", "web")!.Digest.ShouldNotBe(Shop.Memory().Of("Service", "web")!.Digest);
    }

    [Fact]
    public void What_is_ill_is_never_remembered()
    {
        var snapshot = Serving(service => service.Spec.Ports[0].TargetPort = "9999");
        BaselineUpdate.After(Shop.Memory(), snapshot, Diagnosis.Of(snapshot, Shop.Memory())).ShouldBe(Shop.Memory(), new SameStates());
    }

    [Fact]
    public void A_rollout_that_is_not_through_is_not_remembered()
    {
        // Two old pods are ready, the one new pod is updated and not ready.
        var rolling = Changed(one =>
        {
            Container(one).Image = "shop:2";
            one.Status = new() { ObservedGeneration = 1, Replicas = 3, ReadyReplicas = 2, UpdatedReplicas = 2 };
        });
        BaselineUpdate.After(Shop.Memory(), rolling, []).ShouldBe(Shop.Memory(), new SameStates());
    }

    [Fact]
    public void A_template_is_remembered_once_its_pods_outlived_its_liveness_probe()
    {
        // 5 s and three periods of 10 s and 1 s for the last answer.
        NamespaceSnapshot Ready(double seconds) => Changed(
            one =>
            {
                Container(one).Image = "shop:2";
                Container(one).LivenessProbe = new() { InitialDelaySeconds = 5 };
            },
            pod => pod.Status.Conditions[1].LastTransitionTime = Shop.Now.UtcDateTime.AddSeconds(-seconds));

        BaselineUpdate.After(Shop.Memory(), Ready(35), []).ShouldBe(Shop.Memory(), new SameStates());
        BaselineUpdate.IsWaiting(Shop.Memory(), Ready(35)).ShouldBeTrue();
        var later = BaselineUpdate.After(Shop.Memory(), Ready(37), []);
        later.Of("Deployment", "web")!.Digest.ShouldNotBe(Shop.Memory().Of("Deployment", "web")!.Digest);
        BaselineUpdate.IsWaiting(later, Ready(37)).ShouldBeFalse();
    }

    [Fact]
    public void The_memory_survives_being_written_and_read() =>
        Baseline.Read(Shop.Memory().Write().ToDictionary()).ShouldBe(Shop.Memory(), new SameStates());

    private static NamespaceSnapshot Serving(Action<V1Service> alter) =>
        Shop.Of([Shop.Deployment("web"), Shop.Deployment("cart")], [Shop.Service("web", alter), Shop.Service("cart")]);

    private static NamespaceSnapshot Changed(Action<V1Deployment> alter, Action<V1Pod>? pods = null) => Shop.Of(
        [Shop.Deployment("web", alter), Shop.Deployment("cart")],
        [Shop.Service("web"), Shop.Service("cart")],
        pod =>
        {
            if (pod.Metadata.Name.StartsWith("web", StringComparison.Ordinal))
                pods?.Invoke(pod);
        });

    private static IReadOnlyDictionary<string, string> Expect(NamespaceSnapshot snapshot, string target, string cause, string action)
    {
        var memory = Shop.Memory();
        var finding = Diagnosis.Of(snapshot, memory).ShouldHaveSingleItem();
        ($"{finding.Kind}/{finding.Name}", finding.Cause).ShouldBe((target, cause));
        var planned = RulePlanner.Plan(finding, snapshot, memory).ShouldNotBeNull().Actions.ShouldHaveSingleItem();
        ($"{planned.Target.Kind}/{planned.Target.Name}", planned.Type).ShouldBe((target, action));
        // What the rules plan passes the guard.
        var plan = Shop.Plan(planned);
        Guarding.Guard.Check(new(plan, Shop.Policy(), [], snapshot, memory, 0)).Kind.ShouldBe(Guarding.GuardVerdictKind.Go);
        return planned.Parameters!;
    }

    private static V1Container Container(V1Deployment deployment) => deployment.Spec.Template.Spec.Containers[0];

    private static void Waits(V1Pod pod, string reason) => pod.Status.ContainerStatuses = [new() { Name = "app", State = new() { Waiting = new() { Reason = reason } } }];

    private static void Unscheduled(V1Pod pod, string message) =>
        pod.Status.Conditions = [new() { Type = "PodScheduled", Status = "False", Reason = "Unschedulable", Message = message }];

    private sealed class SameStates : IEqualityComparer<Baseline>
    {
        public bool Equals(Baseline? x, Baseline? y) => x!.States.Keys.SequenceEqual(y!.States.Keys) && x.States.Values.Select(state => (state.Digest, state.StartSeconds)).SequenceEqual(y.States.Values.Select(state => (state.Digest, state.StartSeconds)));

        public int GetHashCode(Baseline obj) => obj.States.Count;
    }
}
