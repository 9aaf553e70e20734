using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;
using Ops.Healing.Guarding;
using Ops.Healing.Memory;

namespace Ops.Healing.Tests;

/// <summary>Tasks that people give: through the same gate, never by a planner, never without somebody's approval.</summary>
public sealed class Task_rules
{
    private static readonly HealingPolicy Allowing = Shop.Policy(spec => spec with { Actions = [.. ActionCatalogue.Tasks.Select(task => task.Type)] });

    public static TheoryData<string, string, string> Each => new()
    {
        { "SetImage", "web", "container=app image=shop:2" },
        { "SetEnvironment", "web", "container=app name=MODE value=slow" },
        { "CreateDeployment", "fresh", "image=shop:1 args= replicas=2" },
    };

    [Theory]
    [MemberData(nameof(Each))]
    public void A_task_waits_for_a_person_even_under_auto_and_is_nobody_elses(string type, string name, string parameters)
    {
        var plan = Plan(type, name, parameters);
        Guard.Check(Shop.Input(plan, Allowing)).Kind.ShouldBe(GuardVerdictKind.AwaitApproval);
        Guard.Check(Shop.Input(plan, Allowing, [Shop.Person("ada", plan)])).Kind.ShouldBe(GuardVerdictKind.Go);
        Guard.Check(Shop.Input(plan)).Reason.ShouldBe($"HealingPolicy shop does not allow {type}.");
        foreach (var planner in (string[])[RemediationPlanners.Rules, RemediationPlanners.Llm])
        {
            var theirs = Plan(type, name, parameters, planner);
            Guard.Check(Shop.Input(theirs, Allowing, [Shop.Person("ada", theirs)])).Reason.ShouldBe($"{type} is a task that only a person gives; spec.planner must be person.");
        }

        ActionCatalogue.All.ShouldNotContain(action => action.Type == type, "no planner and no model is offered it");
    }

    [Theory]
    [InlineData("SetImage", "web", "container=other image=shop:2", "parameters.container is not")]
    [InlineData("SetImage", "web", "container=app image=--privileged", "parameters.image is not")]
    [InlineData("SetImage", "web", "container=app image=shop:2;rm", "parameters.image is not")]
    [InlineData("SetEnvironment", "web", "container=app name=1X value=", "parameters.name is not")]
    [InlineData("SetEnvironment", "web", "container=app name=X", "takes the parameters")]
    [InlineData("CreateDeployment", "web", "image=shop:1 args= replicas=2", "exists")]
    [InlineData("CreateDeployment", "fresh", "image=shop:1 args= replicas=11", "parameters.replicas")]
    [InlineData("CreateDeployment", "fresh", "image= args= replicas=1", "parameters.image")]
    [InlineData("SetImage", "nobody", "container=app image=shop:2", "does not exist")]
    public void A_wrong_task_is_refused_by_its_field(string type, string name, string parameters, string named)
    {
        var plan = Plan(type, name, parameters);
        var verdict = Guard.Check(Shop.Input(plan, Allowing, [Shop.Person("ada", plan)]));
        (verdict.Kind, verdict.Reason.Contains(named, StringComparison.Ordinal)).ShouldBe((GuardVerdictKind.Refuse, true), verdict.Reason);
    }

    [Fact]
    public void A_variable_is_set_or_added_an_image_replaced_and_the_dry_run_allows_nothing_else()
    {
        var before = Shop.Json("""{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"shop:1","env":[{"name":"MODE","valueFrom":{"configMapKeyRef":{"name":"settings","key":"mode"}}}]},{"name":"side","image":"side:1"}]}}}}""");
        var (mode, added, image) = (Applied(before, "SetEnvironment", "container=app name=MODE value=slow"), Applied(before, "SetEnvironment", "container=app name=LEVEL value=9"), Applied(before, "SetImage", "container=app image=shop:2"));
        mode["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.ToJsonString().ShouldBe("""[{"name":"MODE","value":"slow"}]""");
        added["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]![1]!.ToJsonString().ShouldBe("""{"name":"LEVEL","value":"9"}""");
        ObjectDiff.Between(null, image).ShouldHaveSingleItem().Path.ShouldBe("/", "a server of 1.20 refuses an empty text in a list");
        ObjectDiff.Between(before, image).ShouldHaveSingleItem().Path.ShouldBe("/spec/template/spec/containers/0/image");
        foreach (var (type, after) in new[] { ("SetEnvironment", mode), ("SetEnvironment", added), ("SetImage", image) })
        {
            var changes = ObjectDiff.Between(before, after);
            DryRun.Problem(ActionCatalogue.Find(type)!, changes).ShouldBeNull();
            ObjectDiff.TakeBack(after, changes);
            ObjectDiff.Between(before, after).ShouldBeEmpty("the inverse gives every field its value back");
        }
    }

    [Fact]
    public void A_new_Deployment_takes_no_rights()
    {
        var made = Applied([], "CreateDeployment", "image=shop:1 args=--level replicas=2", "fresh");
        Privilege.Problem(null, made).ShouldBeNull();
        var typed = k8s.KubernetesJson.Deserialize<V1Deployment>(made.ToJsonString());
        (typed.Metadata.Name, typed.Spec.Replicas, typed.Spec.Template.Spec.AutomountServiceAccountToken, typed.Spec.Template.Spec.Containers.Single().Args.Single()).ShouldBe(("fresh", 2, false, "--level"));
        typed.Spec.Template.Metadata.Labels.ShouldBe(typed.Spec.Selector.MatchLabels);
    }

    private static System.Text.Json.Nodes.JsonObject Applied(System.Text.Json.Nodes.JsonObject obj, string type, string parameters, string name = "web")
    {
        var copy = obj.DeepClone().AsObject();
        ActionCatalogue.Find(type)!.Apply(copy, Action(type, name, parameters), Baseline.Empty);
        return copy;
    }

    private static RemediationAction Action(string type, string name, string parameters) =>
        Shop.Action(type, "Deployment", name, [.. parameters.Split(' ').Select(pair => (pair.Split('=', 2)[0], pair.Split('=', 2)[1]))]);

    private static Remediation Plan(string type, string name, string parameters, string planner = RemediationPlanners.Person)
    {
        var plan = Shop.Plan(Action(type, name, parameters));
        plan.Spec = plan.Spec with { Planner = planner };
        plan.Status = new() { PlanHash = PlanHash.Of(plan) };
        return plan;
    }
}
