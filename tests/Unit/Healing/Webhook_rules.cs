using k8s;
using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;
using Ops.Healing.Planning;

namespace Ops.Healing.Tests;

/// <summary>Webhooks that decide over the namespace's pods: what was changed goes back, and only what is the namespace's own.</summary>
public sealed class Webhook_rules
{
    private const string Good = "/pods";

    [Fact]
    public void A_webhook_since_whose_change_pods_are_refused_goes_back()
    {
        var refused = With(Validating("/gone"));
        refused.ReplicaSets.First().Status = new() { Conditions = [new() { Type = "ReplicaFailure", Status = "True", Message = "failed calling webhook" }] };
        var finding = Diagnosis.Of(refused, Memory(Validating(Good))).ShouldHaveSingleItem();
        (finding.Kind, finding.Name, finding.Cause).ShouldBe((V1ValidatingWebhookConfiguration.KubeKind, "gate", Causes.WebhookRefuses));
        var action = RulePlanner.Plan(finding, refused, Memory(Validating(Good)))!.Actions.ShouldHaveSingleItem();
        action.Type.ShouldBe("RestoreWebhooks");
        Verdict(action, refused, Memory(Validating(Good)), "RestoreWebhooks").Kind.ShouldBe(GuardVerdictKind.Go);
        Verdict(action, refused, Memory(Validating(Good))).Reason.ShouldContain("does not allow RestoreWebhooks");
    }

    [Fact]
    public void Nobody_opens_a_webhook_that_is_for_other_namespaces_too()
    {
        var everybodys = Validating("/gone");
        everybodys.Webhooks[0].NamespaceSelector = new() { MatchLabels = new Dictionary<string, string> { ["team"] = "shop" } };
        var (snapshot, memory) = (With(everybodys), Memory(Validating(Good)));
        var action = Shop.Action("RestoreWebhooks", V1ValidatingWebhookConfiguration.KubeKind, "gate", ("state", memory.Of(V1ValidatingWebhookConfiguration.KubeKind, "gate")!.Digest));
        Verdict(action, snapshot, memory, "RestoreWebhooks").Reason.ShouldContain("more than this namespace");
    }

    [Fact]
    public void A_webhook_that_lowers_limits_until_pods_do_not_run_goes_back_and_those_pods_are_made_anew()
    {
        var shrunk = With(Mutating("/limits/8Mi"), limit: "8Mi");
        var finding = Diagnosis.Of(shrunk, Memory(Mutating(Good))).ShouldHaveSingleItem();
        (finding.Kind, finding.Cause).ShouldBe((V1MutatingWebhookConfiguration.KubeKind, Causes.LimitsShrunk));
        RulePlanner.Plan(finding, shrunk, Memory(Mutating(Good)))!.Actions.Select(action => $"{action.Type} {action.Target.Name}")
            .ShouldBe(["RestoreWebhooks gate", "RestartPod web-5f6-0", "RestartPod web-5f6-1"]);
        // With the webhook as it was, or pods with all they ask for, it is the container's own failure.
        Diagnosis.Of(With(Mutating(Good), limit: "8Mi"), Memory(Mutating(Good))).ShouldHaveSingleItem().Cause.ShouldBe(Causes.ContainerFails);
        Diagnosis.Of(With(Mutating("/limits/8Mi"), limit: "64Mi"), Memory(Mutating(Good))).ShouldHaveSingleItem().Cause.ShouldBe(Causes.ContainerFails);
    }

    private static Baseline Memory(IKubernetesObject<V1ObjectMeta> webhook) => BaselineUpdate.After(Baseline.Empty, With(webhook), []);

    // Pods of web with a limit of their own do not run; the template asks for 64Mi.
    private static NamespaceSnapshot With(IKubernetesObject<V1ObjectMeta> webhook, string? limit = null) => Shop.Of(
        [Shop.Deployment("web", one => one.Spec.Template.Spec.Containers[0].Resources = Limits("64Mi")), Shop.Deployment("cart")],
        [Shop.Service("web"), Shop.Service("cart")],
        pod =>
        {
            if (limit is null || !pod.Metadata.Name.StartsWith("web", StringComparison.Ordinal))
                return;
            pod.Spec = KubernetesJson.Deserialize<V1PodSpec>(KubernetesJson.Serialize(pod.Spec));
            pod.Spec.Containers[0].Resources = Limits(limit);
            pod.Status.Conditions = [new() { Type = "PodScheduled", Status = "True" }, new() { Type = "Ready", Status = "False", LastTransitionTime = Shop.Now.UtcDateTime.AddSeconds(-1) }];
            pod.Status.ContainerStatuses = [new() { Name = "app", State = new() { Waiting = new() { Reason = "CrashLoopBackOff" } }, LastState = new() { Terminated = new() { ExitCode = 137, Reason = "OOMKilled" } } }];
        }) with { Others = [webhook] };

    private static V1ResourceRequirements Limits(string memory) => new() { Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new(memory) } };

    private static V1LabelSelector Own() => new() { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "shop" } };

    private static Admissionregistrationv1WebhookClientConfig At(string path) => new() { Service = new() { Name = "gate", NamespaceProperty = "shop", Path = path } };

    private static V1ValidatingWebhookConfiguration Validating(string path) =>
        new() { Metadata = new() { Name = "gate" }, Webhooks = [new() { Name = "gate.shop.example", ClientConfig = At(path), NamespaceSelector = Own() }] };

    private static V1MutatingWebhookConfiguration Mutating(string path) =>
        new() { Metadata = new() { Name = "gate" }, Webhooks = [new() { Name = "gate.shop.example", ClientConfig = At(path), NamespaceSelector = Own() }] };

    private static GuardVerdict Verdict(Api.RemediationAction action, NamespaceSnapshot snapshot, Baseline memory, params string[] allowed) =>
        Guard.Check(new(Shop.Plan(action), Shop.Policy(spec => allowed.Length == 0 ? spec : spec with { Actions = allowed }), [], snapshot, memory, 0));
}
