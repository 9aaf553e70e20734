using System.Globalization;
using System.Net;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>
/// The single instructions of the ACV study (level 1) that write, on a real API server: typed by kubectl, approved by a person, done by the healer's
/// account with the rights of the sample for tasks, and refused where nobody bound them. The two that only report read no object.
/// </summary>
public sealed class HealerTaskTests(RealCluster cluster)
{
    private const string Account = "healer";
    private const string Ns = "tasks";
    private const string Fenced = "tasks-fenced";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly List<string> decisions = [];

    [Fact]
    public async Task With_the_right_for_tasks_the_healer_does_what_people_ask_and_without_it_nothing()
    {
        await PrepareAsync(Ns);
        await PrepareAsync(Fenced);
        await BindAsync(Ns, "ops-healer-tasks");
        var before = cluster.RequestsOf(Account).Count;
        await using var op = await cluster.StartOperatorAsync();

        // The right to make Deployments is none to look around: the task waits and says what is missing.
        await TaskAsync(Ns, "scale", Action("ScaleWorkload", "web", "replicas: \"3\""));
        await HoldsAsync(Ns, "scale", "{.status.reason}", why => why.Contains("may not list and watch", StringComparison.Ordinal), "the task says which right is missing");
        await BindAsync(Ns, "ops-healer-actions");
        await BindAsync(Fenced, "ops-healer-actions");
        await DoneAsync("scale");
        (await WebAsync("{.spec.replicas}")).ShouldBe("3");

        await TaskAsync(Ns, "create", Action("CreateDeployment", "second", "image: web:1, args: --quiet, replicas: \"2\""));
        await DoneAsync("create");
        (await cluster.KubectlAsync("-n", Ns, "get", "deployment", "second", "-o", "jsonpath={.spec.replicas}")).ShouldBe("2");
        await TaskAsync(Ns, "variable", Action("SetEnvironment", "web", "container: web, name: MODE, value: slow"));
        await DoneAsync("variable");
        (await WebAsync("{.spec.template.spec.containers[0].env[0].value}")).ShouldBe("slow");
        await cluster.KubectlAsync("-n", Ns, "set", "image", "deployment/web", "web=web:2");
        await TaskAsync(Ns, "back", Action("SetImage", "web", "container: web, image: web:1"));
        await DoneAsync("back");
        (await WebAsync("{.spec.template.spec.containers[0].image}")).ShouldBe("web:1");
        var at = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        await TaskAsync(Ns, "restart", Action("RestartRollout", "web", $"at: \"{at}\""));
        await DoneAsync("restart");
        (await WebAsync("{.spec.template.metadata.annotations}")).ShouldContain(at);

        // The second write finds the Deployment as the first has left it, so all goes back, and what was made is deleted.
        await TaskAsync(Ns, "torn", Action("CreateDeployment", "third", "image: web:1, args: --quiet, replicas: \"1\""), Action("SetEnvironment", "web", "container: web, name: A, value: a"), Action("SetEnvironment", "web", "container: web, name: B, value: b"));
        await ApproveAsync(Ns, "torn");
        await HoldsAsync(Ns, "torn", "{.status.phase}", phase => phase == "RolledBack", "the torn task is rolled back");
        (await cluster.KubectlAsync("-n", Ns, "get", "deployment", "third", "--ignore-not-found")).ShouldBeEmpty();
        (await WebAsync("{.spec.template.spec.containers[0].env}")).ShouldNotContain("\"A\"");

        // The same task where nobody bound the right: the server's dry run refuses it before anybody is asked.
        await TaskAsync(Fenced, "create", Action("CreateDeployment", "second", "image: web:1, args: --quiet, replicas: \"2\""));
        await HoldsAsync(Fenced, "create", "{.status.phase} {.status.reason}", why => why.StartsWith("Refused", StringComparison.Ordinal) && why.Contains("cannot create resource", StringComparison.Ordinal), "the task is refused by the server");
        (await cluster.KubectlAsync("-n", Fenced, "get", "deployment", "second", "--ignore-not-found")).ShouldBeEmpty();

        await op.Process.SignalAsync("TERM");
        await op.Process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await ExpectRightsAsync(cluster.RequestsOf(Account).Skip(before).Where(request => request is { Group: "apps", Resource: "deployments" }).ToList());
    }

    // Each verb of the role was used where it is bound, no write was let through where it is not, and what it does not say stays out of reach.
    private async Task ExpectRightsAsync(IReadOnlyList<AuditedRequest> requests)
    {
        requests.ShouldContain(one => one.Namespace == Ns && one.Verb == "create" && one.Code == (int)HttpStatusCode.Created);
        requests.ShouldContain(one => one.Namespace == Ns && one.Verb == "delete" && one.Name == "third" && one.Code == (int)HttpStatusCode.OK);
        requests.ShouldContain(one => one.Namespace == Fenced && one.Verb == "create" && one.Code == (int)HttpStatusCode.Forbidden);
        requests.Where(one => one.Namespace == Fenced && one.IsWrite && one.Code < 400).ShouldBeEmpty();
        foreach (var (verb, resource) in ((string, string)[])
            [("create", "statefulsets"), ("create", "pods"), ("delete", "statefulsets"), ("get", "secrets"), ("create", "rolebindings"), ("patch", "approvers.ops.autonomic.dev"), ("update", "healingpolicies.ops.autonomic.dev"), ("update", "remediations.ops.autonomic.dev")])
        {
            (await cluster.MayAsync(Installation.UserOf(Account), verb, resource, Ns)).ShouldBeFalse($"{verb} {resource}");
        }

        (await cluster.MayAsync(Installation.UserOf(Account), "create", "deployments", Fenced)).ShouldBeFalse();
        (await cluster.MayAsync(Installation.UserOf(Account), "create", "deployments", Installation.SystemNamespace)).ShouldBeFalse();
    }

    private async Task PrepareAsync(string ns)
    {
        await cluster.KubectlAsync("create", "namespace", ns);
        await cluster.KubectlAsync("-n", ns, "create", "deployment", "web", "--image=web:1");
        await cluster.ApplyAsync($$"""
            apiVersion: ops.autonomic.dev/v1alpha1
            kind: HealingPolicy
            metadata: {name: shop, namespace: {{ns}}}
            spec: {autonomy: auto, verifyWithin: 1s, actions: [CreateDeployment, SetEnvironment, SetImage, RestartRollout, ScaleWorkload]}
            """);
    }

    private async Task BindAsync(string ns, string role)
    {
        await cluster.KubectlAsync("-n", ns, "create", "rolebinding", role, $"--clusterrole={role}", $"--serviceaccount={Installation.SystemNamespace}:{Account}");
        var (verb, resource) = role == "ops-healer-tasks" ? ("create", "deployments") : ("list", "pods");
        await Eventually.HoldsAsync(() => cluster.MayAsync(Installation.UserOf(Account), verb, resource, ns), $"the binding of {role} is known");
    }

    private static string Action(string type, string name, string parameters) => $$"""{type: {{type}}, target: {kind: Deployment, name: {{name}}}, parameters: { {{parameters}} } }""";

    // As a person would write it: without a digest, which only the healer computes.
    private Task TaskAsync(string ns, string name, params IEnumerable<string> actions) => cluster.ApplyAsync($$"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: Remediation
        metadata: {name: {{name}}, namespace: {{ns}}}
        spec: {policy: shop, planner: person, rationale: Somebody asks for it., actions: [{{string.Join(", ", actions)}}]}
        """);

    private async Task DoneAsync(string name)
    {
        await ApproveAsync(Ns, name);
        await HoldsAsync(Ns, name, "{.status.phase}", phase => phase == "Succeeded", $"task {name} succeeded");
    }

    // Whoever approves reads the hash, with the dry run beside it.
    private async Task ApproveAsync(string ns, string name)
    {
        await HoldsAsync(ns, name, "{.status.phase} {.status.steps[0].state}", stands => stands == "AwaitingApproval Checked", $"task {name} waits for approval");
        decisions.Add($"{{remediation: {name}, planHash: {await ReadAsync(ns, name, "{.status.planHash}")}, decision: approve}}");
        await cluster.ApplyAsync($$"""
            apiVersion: ops.autonomic.dev/v1alpha1
            kind: Approver
            metadata: {name: ada, namespace: {{ns}}}
            spec: {decisions: [{{string.Join(", ", decisions)}}]}
            """);
    }

    private async Task HoldsAsync(string ns, string name, string path, Func<string, bool> holds, string sentence)
    {
        var last = "";
        try
        {
            await Eventually.HoldsAsync(async () => holds(last = await ReadAsync(ns, name, path)), sentence, Patience);
        }
        catch (Xunit.Sdk.FailException end)
        {
            Assert.Fail($"{end.Message}; it is {await ReadAsync(ns, name, "{.status.phase} {.status.reason}")}");
        }
    }

    private Task<string> ReadAsync(string ns, string name, string path) => cluster.KubectlAsync("-n", ns, "get", "rem", name, "-o", $"jsonpath={path}");

    private Task<string> WebAsync(string path) => cluster.KubectlAsync("-n", Ns, "get", "deployment", "web", "-o", $"jsonpath={path}");
}
