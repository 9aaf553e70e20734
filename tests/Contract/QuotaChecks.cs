namespace Ops.Contract.Tests;

/// <summary>Quotas and limit ranges: what they refuse, what they fill in, what a quota's status says.</summary>
public abstract class QuotaChecks(IServer server) : ContractTest(server)
{
    private string Pods => Core + "/pods";

    private string Quotas => Core + "/resourcequotas";

    [Fact]
    public async Task A_quota_of_pods_refuses_the_next_pod_and_counts_down_when_one_goes()
    {
        await Quota("few", """{"pods":"1","count/configmaps":"100"}""");
        (await Api.Post(Pods, Pod("a"))).Expect(201);
        await Used("few", "pods", "1");
        (await Api.Post(Pods, Pod("b"))).Expect(403, "Forbidden").TextAt("message").ShouldBe("pods \"b\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1");
        (await Api.Delete($"{Pods}/a?gracePeriodSeconds=0")).Expect(200);
        await Used("few", "pods", "0");
        await Asked(() => Api.Post(Pods, Pod("b")), reply => reply.Code == 201);
    }

    [Fact]
    public async Task A_quota_of_cpu_and_memory_sums_requests_and_limits_and_wants_them_said()
    {
        await Quota("room", """{"requests.cpu":"1","requests.memory":"1Gi","limits.cpu":"2","limits.memory":"2Gi"}""");
        (await Api.Post(Pods, Pod("silent"))).Expect(403, "Forbidden").TextAt("message").ShouldNotBeNull().ShouldStartWith("pods \"silent\" is forbidden: failed quota: room: must specify limits.cpu");
        (await Api.Post(Pods, Pod("a", """{"requests":{"cpu":"600m","memory":"600Mi"},"limits":{"cpu":"1","memory":"1Gi"}}"""))).Expect(201);
        await Used("room", "requests.cpu", "600m");
        await Used("room", "limits.memory", "1Gi");
        (await Api.Post(Pods, Pod("b", """{"requests":{"cpu":"600m","memory":"100Mi"},"limits":{"cpu":"1","memory":"1Gi"}}"""))).Expect(403, "Forbidden").TextAt("message")
            .ShouldBe("pods \"b\" is forbidden: exceeded quota: room, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1");
        (await Api.Post(Pods, Pod("c", """{"limits":{"cpu":"1500m","memory":"1536Mi"}}"""))).Expect(403, "Forbidden").TextAt("message").ShouldBe(
            "pods \"c\" is forbidden: exceeded quota: room, requested: limits.cpu=1500m,limits.memory=1536Mi,requests.cpu=1500m,requests.memory=1536Mi, "
            + "used: limits.cpu=1,limits.memory=1Gi,requests.cpu=600m,requests.memory=600Mi, limited: limits.cpu=2,limits.memory=2Gi,requests.cpu=1,requests.memory=1Gi");
    }

    [Fact]
    public async Task Objects_of_any_kind_are_counted_and_a_service_that_changes_is_counted_anew()
    {
        await Quota("things", """{"count/deployments.apps":"1","services":"2","services.nodeports":"1","secrets":"40"}""");
        (await Api.Post(Deployments, Deployment("one", 0))).Expect(201);
        await Used("things", "count/deployments.apps", "1");
        (await Api.Post(Deployments, Deployment("two", 0))).Expect(403, "Forbidden").TextAt("message").ShouldBe(
            "deployments.apps \"two\" is forbidden: exceeded quota: things, requested: count/deployments.apps=1, used: count/deployments.apps=1, limited: count/deployments.apps=1");
        (await Api.Post(Core + "/services", Service("s", "NodePort"))).Expect(201);
        (await Api.Post(Core + "/services", Service("t", "ClusterIP"))).Expect(201);
        await Used("things", "services.nodeports", "1");
        (await Api.Patch(Core + "/services/t", """{"spec":{"type":"NodePort"}}""")).Expect(403, "Forbidden").TextAt("message")
            .ShouldBe("services \"t\" is forbidden: exceeded quota: things, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1");
    }

    [Fact]
    public async Task A_scoped_quota_is_about_its_own_pods_only()
    {
        await Account();
        (await Api.Post(Quotas, """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"effortless"},"spec":{"hard":{"pods":"0"},"scopes":["BestEffort"]}}""")).Expect(201);
        var number = 0;
        await Asked(() => Api.Post(Pods, Pod($"a{number++}")), Exceeds);
        (await Api.Post(Pods, Pod("b", """{"requests":{"cpu":"1m"}}"""))).Expect(201);
    }

    [Fact]
    public async Task A_limit_range_fills_in_what_a_container_leaves_out_and_says_so()
    {
        var range = await Limits("""{"type":"Container","default":{"cpu":"500m"},"max":{"memory":"1Gi"},"min":{"cpu":"1m"}}""");
        SameJson(range.At("spec.limits.0.default"), """{"cpu":"500m","memory":"1Gi"}""");
        SameJson(range.At("spec.limits.0.defaultRequest"), """{"cpu":"500m","memory":"1Gi"}""");
        var number = 0;
        var pod = await Asked(() => Api.Post(Pods, Pod($"a{number++}", """{"limits":{"cpu":"200m"}}""")), reply => reply.Expect(201).At("metadata.annotations") is not null);
        SameJson(pod.At("spec.containers.0.resources"), """{"requests":{"cpu":"200m","memory":"1Gi"},"limits":{"cpu":"200m","memory":"1Gi"}}""");
        pod.At("metadata.annotations")!["kubernetes.io/limit-ranger"]!.ToString().ShouldBe("LimitRanger plugin set: memory request for container c; memory limit for container c");
    }

    [Theory]
    [InlineData("""{"type":"Container","max":{"cpu":"100m"}}""", """{"limits":{"cpu":"200m"}}""", "maximum cpu usage per Container is 100m, but limit is 200m")]
    [InlineData("""{"type":"Container","min":{"memory":"64Mi"}}""", """{"requests":{"memory":"32Mi"}}""", "minimum memory usage per Container is 64Mi, but request is 32Mi")]
    [InlineData("""{"type":"Container","maxLimitRequestRatio":{"cpu":"2"}}""", """{"requests":{"cpu":"100m"},"limits":{"cpu":"300m"}}""", "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000")]
    [InlineData("""{"type":"Pod","max":{"cpu":"100m"}}""", """{"limits":{"cpu":"200m"}}""", "maximum cpu usage per Pod is 100m, but limit is 200m")]
    [InlineData("""{"type":"Pod","max":{"cpu":"100m"}}""", """{}""", "maximum cpu usage per Pod is 100m.  No limit is specified")]
    public async Task A_limit_range_refuses_what_lies_beyond_it(string limits, string resources, string why)
    {
        await Limits(limits);
        var number = 0;
        var reply = await Asked(() => Api.Post(Pods, Pod($"p{number++}", resources)), answer => answer.Code == 403);
        reply.Expect(403, "Forbidden").TextAt("message").ShouldNotBeNull().ShouldEndWith($"is forbidden: {why}");
    }

    [Fact]
    public async Task A_limit_range_that_contradicts_itself_is_refused()
    {
        (await Api.Post(Core + "/limitranges", Range("""{"type":"Container","max":{"cpu":"10m"},"default":{"cpu":"1"},"defaultRequest":{"cpu":"1m"}}""")))
            .Expect(422, "Invalid").ExpectCause("spec.limits[0].default[cpu]", "FieldValueInvalid", "default value 1 is greater than max value 10m");
        (await Api.Post(Core + "/limitranges", Range("""{"type":"Pod","default":{"cpu":"1"}}"""))).Expect(422, "Invalid").ExpectCause("spec.limits[0].default", "FieldValueForbidden", "may not be specified when `type` is 'Pod'");
    }

    // Every quota allows no Lease, which tells from when on the server knows it: until then one is made.
    private async Task Quota(string name, string hard)
    {
        await Account();
        (await Api.Post(Quotas, $$$$"""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"{{{{name}}}}"},"spec":{"hard":{"count/leases.coordination.k8s.io":"0",{{{{hard[1..]}}}}}}""")).Expect(201);
        var number = 0;
        await Asked(() => Api.Post($"/apis/coordination.k8s.io/v1/namespaces/{Ns}/leases", $$$$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l{{{{number++}}}}"},"spec":{}}"""), Exceeds);
    }

    private static bool Exceeds(Reply reply) => reply.Code == 403 && reply.TextAt("message")!.Contains("exceeded quota: ", StringComparison.Ordinal);

    // The real server learns of quotas, what is used of them and limit ranges a moment later: the same is asked for 30 s.
    private static async Task<Reply> Asked(Func<Task<Reply>> ask, Func<Reply, bool> isRight)
    {
        Reply reply = null!;
        for (var attempt = 0; attempt < 300; attempt++)
        {
            reply = await ask();
            if (isRight(reply))
                return reply;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new ShouldAssertException($"the answer never came right: {reply.Code} {reply.Text}");
    }

    private Task<Reply> Account() => Eventually(Core + "/serviceaccounts/default", reply => reply.Code == 200);

    private Task<Reply> Used(string quota, string name, string amount) => Eventually($"{Quotas}/{quota}", reply => reply.At("status.used")?[name]?.ToString() == amount);

    private async Task<Reply> Limits(string item)
    {
        await Account();
        return (await Api.Post(Core + "/limitranges", Range(item))).Expect(201);
    }

    private static string Range(string item) => $$$$"""{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"bounds"},"spec":{"limits":[{{{{item}}}}]}}""";

    private static string Service(string name, string type) => $$$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{{name}}}}"},"spec":{"type":"{{{{type}}}}","selector":{"app":"none"},"ports":[{"port":80}]}}""";

    private static string Pod(string name, string resources = "{}") =>
        $$$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{{name}}}}"},"spec":{"automountServiceAccountToken":false,"terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"shell:1","args":["-c","sleep 1000"],"resources":{{{{resources}}}}}]}}""";
}

public sealed class QuotaOnSandbox(SandboxServer server) : QuotaChecks(server);

public sealed class QuotaOnRealServer(RealServer server) : QuotaChecks(server);
