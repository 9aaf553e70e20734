namespace Ops.Contract.Tests;

/// <summary>Checks 57, 58 and 62.</summary>
public abstract class AccessChecks(IServer server) : ContractTest(server)
{
    private string Leases => $"/apis/coordination.k8s.io/v1/namespaces/{Ns}/leases";

    [Fact]
    public async Task One_of_two_writers_of_a_lease_wins_and_microseconds_survive()
    {
        const string Time = "2026-01-01T00:00:00.123456Z";
        string Lease(string holder, string version) =>
            $$$$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"{{{{version}}}}},"spec":{"holderIdentity":"{{{{holder}}}}","leaseDurationSeconds":15,"renewTime":"{{{{Time}}}}"}}""";
        var created = (await Api.Post(Leases, Lease("a", ""))).Expect(201);
        created.TextAt("spec.renewTime").ShouldBe(Time);
        var version = $",\"resourceVersion\":\"{Rv(created)}\"";
        var codes = await Task.WhenAll(Api.Put(Leases + "/l", Lease("b", version)), Api.Put(Leases + "/l", Lease("c", version)));
        codes.Select(c => c.Code).Order().ShouldBe([200, 409]);
        (await Api.Post(Leases, Lease("a", "").Replace(Time, "2026-01-01T00:00:00Z").Replace("\"l\"", "\"m\""))).Expect(400, "BadRequest");
        // A PUT creates a lease that is not there.
        (await Api.Put(Leases + "/fresh", Lease("a", "").Replace("\"l\"", "\"fresh\""))).Code.ShouldBeOneOf(200, 201);
    }

    [Fact]
    public async Task A_core_event_reads_as_an_events_k8s_io_event()
    {
        (await Api.Post(Core + "/events", $$$$"""
            {"apiVersion":"v1","kind":"Event","metadata":{"name":"e1"},"involvedObject":{"kind":"Pod","namespace":"{{{{Ns}}}}","name":"p","uid":"u1"},"reason":"Tested","message":"a message","type":"Normal",
             "source":{"component":"check"},"firstTimestamp":"2026-01-01T00:00:00Z","lastTimestamp":"2026-01-01T00:00:00Z","count":2}
            """)).Expect(201);
        (await Api.Post(Core + "/events", $$$$"""
            {"apiVersion":"v1","kind":"Event","metadata":{"name":"e2"},"involvedObject":{"kind":"Pod","namespace":"{{{{Ns}}}}","name":"q"},"reason":"Tested","type":"Normal"}
            """)).Expect(201);
        var other = (await Api.Get($"/apis/events.k8s.io/v1/namespaces/{Ns}/events/e1")).Expect(200);
        (other.TextAt("regarding.name"), other.TextAt("note"), other.TextAt("deprecatedCount"), other.TextAt("deprecatedSource.component")).ShouldBe(("p", "a message", "2", "check"));
        Names(await Api.Get(Core + "/events?fieldSelector=involvedObject.name%3Dp,involvedObject.kind%3DPod")).ShouldBe(["e1"]);
        (await Api.Post(Core + "/events", """
            {"apiVersion":"v1","kind":"Event","metadata":{"name":"e3"},"involvedObject":{"kind":"Pod","namespace":"elsewhere","name":"q"},"reason":"Tested","type":"Normal"}
            """)).Expect(422, "Invalid").ExpectCause("involvedObject.namespace", "FieldValueInvalid", "does not match event.namespace");
    }

    [Fact]
    public async Task A_bad_token_is_Unauthorized() =>
        (await new Api(Server, "no-such-token").Get(WidgetsPath)).Expect(401, "Unauthorized").TextAt("message").ShouldBe("Unauthorized");

    [Fact]
    public async Task No_token_is_the_anonymous_user_who_may_not() =>
        (await new Api(Server, "").Get(Core + "/pods")).Expect(403, "Forbidden").TextAt("message")
            .ShouldBe($"pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in the namespace \"{Ns}\"");

    [Fact]
    public async Task An_account_without_rights_is_told_what_it_may_not()
    {
        (await Api.Post(Core + "/serviceaccounts", """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"sa"}}""")).Expect(201);
        var account = new Api(Server, await Server.ServiceAccountTokenAsync(Ns, "sa"));
        var user = $"system:serviceaccount:{Ns}:sa";
        (await account.Get(Core + "/pods")).Expect(403, "Forbidden").TextAt("message")
            .ShouldBe($"pods is forbidden: User \"{user}\" cannot list resource \"pods\" in API group \"\" in the namespace \"{Ns}\"");
        (await account.Get("/apis/example.test/v1/widgets")).Expect(403).TextAt("message")
            .ShouldBe($"widgets.example.test is forbidden: User \"{user}\" cannot list resource \"widgets\" in API group \"example.test\" at the cluster scope");
        (await account.Get(WidgetsPath + "/w1")).Expect(403).TextAt("message")
            .ShouldBe($"widgets.example.test \"w1\" is forbidden: User \"{user}\" cannot get resource \"widgets\" in API group \"example.test\" in the namespace \"{Ns}\"");
        (await account.Patch(WidgetsPath + "/w1/status", "{}")).Expect(403).TextAt("message").ShouldNotBeNull().ShouldContain("cannot patch resource \"widgets/status\"");
    }

    [Fact]
    public async Task A_role_gives_exactly_its_verbs()
    {
        (await Api.Post(Core + "/serviceaccounts", """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"sa"}}""")).Expect(201);
        var rbac = $"/apis/rbac.authorization.k8s.io/v1/namespaces/{Ns}";
        (await Api.Post(rbac + "/roles", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r"},"rules":[{"apiGroups":["example.test"],"resources":["widgets"],"verbs":["get","list"]}]}""")).Expect(201);
        (await Api.Post(rbac + "/rolebindings", $$$$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},
             "subjects":[{"kind":"ServiceAccount","name":"sa","namespace":"{{{{Ns}}}}"}]}
            """)).Expect(201);
        var account = new Api(Server, await Server.ServiceAccountTokenAsync(Ns, "sa"));
        // The real authorizer learns of a binding a moment later.
        for (var attempt = 0; attempt < 50 && (await account.Get(WidgetsPath)).Code != 200; attempt++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        (await account.Get(WidgetsPath)).Expect(200);
        (await account.Post(WidgetsPath, Widget("w1"))).Expect(403, "Forbidden");
        (await account.Get("/apis/example.test/v1/namespaces/default/widgets")).Expect(403, "Forbidden");
        var review = (await account.Post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", $$$$"""
            {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"{{{{Ns}}}}","verb":"list","group":"example.test","resource":"widgets"}}}
            """)).Expect(201);
        review.At("status.allowed")!.GetValue<bool>().ShouldBeTrue();
    }
}

public sealed class AccessOnSandbox(SandboxServer server) : AccessChecks(server);

public sealed class AccessOnRealServer(RealServer server) : AccessChecks(server);
