namespace Ops.Contract.Tests;

/// <summary>Check 64, and the other commands that people use here.</summary>
public abstract class KubectlChecks(IServer server) : ContractTest(server)
{
    private Kube _kubectl = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _kubectl = new Kube(Server);
    }

    public override async ValueTask DisposeAsync()
    {
        _kubectl?.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_custom_object_lives_its_life_through_kubectl()
    {
        (await In(Widget("w1"), "apply", "-f", "-")).ShouldBe("widget.example.test/w1 created");
        (await In(Widget("w1"), "apply", "-f", "-")).ShouldBe("widget.example.test/w1 unchanged");
        (await In(Widget("w1", """{"replicas":2}"""), "apply", "-f", "-")).ShouldBe("widget.example.test/w1 configured");
        (await Run("get", "wd")).Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ShouldBe(["NAME", "REPLICAS", "AGE"]);
        (await Run("get", "widgets", "-o", "wide")).Split('\n')[0].ShouldContain("IMAGE");
        (await Run("get", "wd", "w1", "-o", "jsonpath={.spec.replicas}")).ShouldBe("2");
        (await Run("get", "wd", "w1", "-o", "yaml")).ShouldContain("kind: Widget");
        (await Run("describe", "wd", "w1")).Split('\n')[0].ShouldBe("Name:         w1");
        (await Run("scale", "wd", "w1", "--replicas=3")).ShouldBe("widget.example.test/w1 scaled");
        (await Run("label", "wd", "w1", "a=b")).ShouldBe("widget.example.test/w1 labeled");
        (await Run("patch", "wd", "w1", "--type=json", "-p", """[{"op":"replace","path":"/spec/replicas","value":4}]""")).ShouldBe("widget.example.test/w1 patched");
        (await Run("patch", "wd", "w1", "--subresource=status", "--type=merge", "-p", """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""")).ShouldBe("widget.example.test/w1 patched");
        (await Run("wait", "--for=condition=Ready", "wd/w1", "--timeout=20s")).ShouldBe("widget.example.test/w1 condition met");
        (await Run("delete", "wd", "w1")).ShouldStartWith("widget.example.test \"w1\" deleted");
        (await _kubectl.Try(null, "get", "wd", "w1", "-n", Ns)).Error.Trim().ShouldBe("Error from server (NotFound): widgets.example.test \"w1\" not found");
    }

    [Fact]
    public async Task Explain_tells_a_custom_field()
    {
        // The command needs OpenAPI v3, or v2 where v3 is missing; the definition may take a moment to get there.
        for (var attempt = 0; attempt < 100 && (await _kubectl.Try(null, "explain", "widget.spec.replicas")).ExitCode != 0; attempt++)
            await Task.Delay(200, TestContext.Current.CancellationToken);
        (await _kubectl.Run("explain", "widget.spec.replicas")).ShouldContain("How many.");
        (await _kubectl.Run("explain", "deployment.spec.replicas")).ShouldMatch("FIELD: +replicas <integer>");
    }

    [Fact]
    public async Task Server_side_apply_creates_configures_and_conflicts()
    {
        (await In(Widget("w1"), "apply", "--server-side", "-f", "-")).ShouldBe("widget.example.test/w1 serverside-applied");
        (await In(Widget("w1"), "apply", "--server-side", "-f", "-")).ShouldBe("widget.example.test/w1 serverside-applied");
        var conflict = await _kubectl.Try(Widget("w1", """{"replicas":5}"""), "apply", "--server-side", "--field-manager=other", "-n", Ns, "-f", "-");
        conflict.ExitCode.ShouldBe(1);
        conflict.Error.ShouldContain("conflict with \"kubectl\": .spec.replicas");
        (await In(Widget("w1", """{"replicas":5}"""), "apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-")).ShouldBe("widget.example.test/w1 serverside-applied");
    }

    [Fact]
    public async Task An_object_moves_from_client_side_to_server_side_apply()
    {
        await In(Widget("w1", """{"replicas":1,"image":"x"}"""), "apply", "-f", "-");
        (await In(Widget("w1", """{"replicas":2}"""), "apply", "--server-side", "-f", "-")).ShouldBe("widget.example.test/w1 serverside-applied");
        // kubectl hands the fields of the last client-side apply over, so that what is gone from the file goes from the object.
        (await Run("get", "wd", "w1", "-o", "jsonpath={.spec.replicas}/{.spec.image}")).ShouldBe("2/");
    }

    [Fact]
    public async Task Diff_tells_a_difference_by_its_exit_code()
    {
        await In(Widget("w1"), "apply", "-f", "-");
        (await _kubectl.Try(Widget("w1"), "diff", "-n", Ns, "-f", "-")).ExitCode.ShouldBe(0);
        var differs = await _kubectl.Try(Widget("w1", """{"replicas":7}"""), "diff", "-n", Ns, "-f", "-");
        differs.ExitCode.ShouldBe(1);
        differs.Output.ShouldContain("+  replicas: 7");
    }

    [Fact]
    public async Task The_generators_create_what_they_say()
    {
        (await Run("create", "configmap", "cm", "--from-literal=a=b")).ShouldBe("configmap/cm created");
        (await Run("create", "secret", "generic", "s", "--from-literal=k=v")).ShouldBe("secret/s created");
        (await Run("create", "serviceaccount", "sa")).ShouldBe("serviceaccount/sa created");
        (await Run("create", "deployment", "web", "--image=shell:1", "--replicas=0")).ShouldBe("deployment.apps/web created");
        (await Run("create", "role", "r", "--verb=get", "--resource=pods")).ShouldBe("role.rbac.authorization.k8s.io/r created");
        (await Run("create", "rolebinding", "rb", "--role=r", $"--serviceaccount={Ns}:sa")).ShouldBe("rolebinding.rbac.authorization.k8s.io/rb created");
        (await Run("create", "job", "j", "--image=shell:1", "--", "true")).ShouldBe("job.batch/j created");
        (await Run("get", "cm", "cm", "-o", "jsonpath={.data.a}")).ShouldBe("b");
        (await Run("get", "secret", "s", "-o", "jsonpath={.data.k}")).ShouldBe("dg==");
        (await Run("create", "token", "sa")).Split('.').Length.ShouldBe(3);
        (await Run("auth", "can-i", "create", "pods")).ShouldBe("yes");
        Needs(28, "SelfSubjectReview");
        (await Run("auth", "whoami")).ShouldContain("system:masters");
    }

    [Fact]
    public async Task A_namespace_is_created_and_deleted()
    {
        (await _kubectl.Run("create", "namespace", Ns + "-x")).ShouldBe($"namespace/{Ns}-x created");
        (await _kubectl.Run("delete", "namespace", Ns + "-x", "--timeout=60s")).ShouldBe($"namespace \"{Ns}-x\" deleted");
    }

    [Fact]
    public async Task Everything_that_get_all_asks_for_is_served()
    {
        await In(Widget("w1"), "apply", "-f", "-");
        await Run("create", "deployment", "web", "--image=shell:1", "--replicas=0");
        var all = await Run("get", "all");
        all.ShouldContain("deployment.apps/web");
        all.ShouldContain("widget.example.test/w1");
    }

    [Fact]
    public async Task Edits_of_a_deployment_go_through_strategic_patches()
    {
        await Run("create", "deployment", "web", "--image=shell:1", "--replicas=0");
        (await Run("set", "image", "deployment/web", "shell=shell:2")).ShouldBe("deployment.apps/web image updated");
        (await Run("set", "env", "deployment/web", "A=b")).ShouldBe("deployment.apps/web env updated");
        (await Run("rollout", "restart", "deployment/web")).ShouldBe("deployment.apps/web restarted");
        (await Run("scale", "deployment/web", "--replicas=1")).ShouldBe("deployment.apps/web scaled");
        (await Run("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[0].name} {.spec.replicas}")).ShouldBe("shell:2 A 1");
        (await Run("describe", "deployment", "web")).ShouldContain("Name:                   web");
    }

    [Fact]
    public async Task Bad_objects_are_told_as_the_server_tells_them()
    {
        var bad = await _kubectl.Try(Widget("w1", """{"replicas":22}"""), "create", "-n", Ns, "-f", "-");
        bad.ExitCode.ShouldBe(1);
        bad.Error.ShouldContain("The Widget \"w1\" is invalid: spec.replicas: Invalid value: 22: spec.replicas in body should be less than or equal to 10");
        var unknown = await _kubectl.Try(null, "get", "foos", "-n", Ns);
        unknown.Error.Trim().ShouldBe("error: the server doesn't have a resource type \"foos\"");
    }

    [Fact]
    public async Task The_projects_own_definitions_are_accepted()
    {
        // A dry run: the definitions of other suites on this machine's real server stay as they are.
        var folder = Path.Combine(Ops.Testing.Repository.Root, "manifests", "crds");
        var answer = await _kubectl.Run("apply", "--dry-run=server", "--validate=false", "-k", folder);
        answer.ShouldContain("modelpools.ops.autonomic.dev created (server dry run)");
        answer.ShouldContain("modelroutes.ops.autonomic.dev created (server dry run)");
    }

    [Fact]
    public async Task Events_and_nodes_are_shown()
    {
        await Api.Post(Core + "/events", $$$$"""
            {"apiVersion":"v1","kind":"Event","metadata":{"name":"e1"},"involvedObject":{"kind":"Pod","namespace":"{{{{Ns}}}}","name":"p"},"reason":"Tested","message":"a message","type":"Normal","lastTimestamp":"2026-01-01T00:00:00Z","count":1}
            """);
        (await Run("events")).ShouldContain("a message");
        (await Run("get", "events")).ShouldContain("Tested");
        (await _kubectl.Run("get", "nodes")).ShouldContain("Ready");
        (await _kubectl.Run("api-resources", "--api-group=example.test", "-o", "name")).ShouldContain("widgets.example.test");
        (await _kubectl.Run("version")).ShouldContain("Server Version: v");
    }

    [Fact]
    public async Task Logs_and_exec_reach_a_container()
    {
        Assert.SkipUnless(Server.RunsContainers, "no container runs on this server's node");
        await Api.Post(Core + "/pods", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"shell:1","args":["-c","echo hello; while :; do sleep 1; done"]}]}}""");
        (await Run("wait", "--for=condition=Ready", "pod/p", "--timeout=30s")).ShouldBe("pod/p condition met");
        (await Run("logs", "p")).ShouldBe("hello");
        (await Run("exec", "p", "--", "/bin/sh", "-c", "echo inside")).ShouldBe("inside");
        (await _kubectl.Try(null, "exec", "p", "-n", Ns, "--", "/bin/sh", "-c", "exit 7")).ExitCode.ShouldBe(7);
        (await Run("describe", "pod", "p")).ShouldContain("Status:");
    }

    private Task<string> Run(params string[] arguments) => _kubectl.Run(InNamespace(arguments));

    private Task<string> In(string input, params string[] arguments) => _kubectl.RunWith(input, InNamespace(arguments));

    /// <summary>Before "--": what follows belongs to the container.</summary>
    private string[] InNamespace(string[] arguments) => [arguments[0], $"--namespace={Ns}", .. arguments[1..]];
}

public sealed class KubectlOnSandbox(SandboxServer server) : KubectlChecks(server);

public sealed class KubectlOnRealServer(RealServer server) : KubectlChecks(server);
