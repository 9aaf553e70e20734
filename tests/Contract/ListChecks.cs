namespace Ops.Contract.Tests;

/// <summary>Checks 35 to 40.</summary>
public abstract class ListChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task A_dry_run_answers_normally_and_stores_nothing()
    {
        var live = await Create(Widget("w1"));
        (await Api.Post(WidgetsPath + "?dryRun=All", Widget("w2"))).Expect(201).TextAt("metadata.uid").ShouldNotBeNullOrEmpty();
        (await Api.Patch(WidgetsPath + "/w1?dryRun=All", """{"spec":{"replicas":5}}""")).Expect(200).At("spec.replicas")!.GetValue<int>().ShouldBe(5);
        (await Api.Delete(WidgetsPath + "/w1?dryRun=All")).Expect(200);
        var list = await Api.Get(WidgetsPath);
        Names(list).ShouldBe(["w1"]);
        list.Items[0]["metadata"]!["resourceVersion"]!.ToString().ShouldBe(Rv(live));
        (await Api.Post(WidgetsPath + "?dryRun=Some", Widget("w2"))).Code.ShouldBeOneOf(400, 422);
    }

    [Fact]
    public async Task Pages_share_one_version_and_the_last_has_no_continue()
    {
        for (var i = 1; i <= 5; i++)
            await Create(Widget("w" + i));
        var (names, versions, token, pages) = (new List<string>(), new HashSet<string>(), "", 0);
        do
        {
            var page = (await Api.Get($"{WidgetsPath}?limit=2" + (token.Length > 0 ? "&continue=" + Uri.EscapeDataString(token) : ""))).Expect(200);
            names.AddRange(Names(page));
            versions.Add(Rv(page));
            token = page.TextAt("metadata.continue") ?? "";
            if (++pages == 1)
            {
                page.At("metadata.remainingItemCount")!.GetValue<int>().ShouldBe(3);
                // What is written between pages is not seen by them.
                await Create(Widget("w6"));
            }
        }
        while (token.Length > 0);
        (pages, versions.Count).ShouldBe((3, 1));
        names.ShouldBe(["w1", "w2", "w3", "w4", "w5"]);
    }

    [Fact]
    public async Task A_malformed_continue_token_is_BadRequest() => (await Api.Get(WidgetsPath + "?limit=2&continue=rubbish")).Expect(400, "BadRequest");

    [Fact]
    public async Task Version_zero_is_any_data_with_a_list_version()
    {
        await Create(Widget("w1"));
        Rv((await Api.Get(WidgetsPath + "?limit=500&resourceVersion=0")).Expect(200)).ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task A_future_version_is_a_Timeout_that_says_so()
    {
        var reply = (await Api.Get(WidgetsPath + "?resourceVersion=999999999")).Expect(504, "Timeout");
        reply.Causes.Select(c => c["reason"]!.ToString()).ShouldBe(["ResourceVersionTooLarge"]);
    }

    [Fact]
    public async Task Selectors_select_and_an_unknown_field_is_BadRequest()
    {
        await Create(Widget("w1", metadata: "\"labels\":{\"app\":\"web\",\"tier\":\"front\"}"));
        await Create(Widget("w2", metadata: "\"labels\":{\"app\":\"db\"}"));
        await Create(Widget("w3", """{"replicas":1,"mode":"Slow"}"""));
        async Task<string> Select(string query) => string.Join(' ', Names((await Api.Get($"{WidgetsPath}?{query}")).Expect(200)));
        (await Select("labelSelector=app%3Dweb")).ShouldBe("w1");
        (await Select("labelSelector=app+in+(web,db),tier+notin+(front)")).ShouldBe("w2");
        (await Select("labelSelector=!app")).ShouldBe("w3");
        (await Select("labelSelector=tier")).ShouldBe("w1");
        (await Select("labelSelector=app!%3Dweb")).ShouldBe("w2 w3");
        (await Select("fieldSelector=metadata.name%3Dw2")).ShouldBe("w2");
        (await Select($"fieldSelector=metadata.namespace%3D{Ns},metadata.name!%3Dw2")).ShouldBe("w1 w3");
        (await Api.Get(WidgetsPath + "?fieldSelector=spec.foo%3D1")).Expect(400, "BadRequest").TextAt("message").ShouldNotBeNull().ShouldContain("field label not supported: spec.foo");
        Needs(30, "selectableFields");
        (await Select("fieldSelector=spec.mode%3DSlow")).ShouldBe("w3");
    }

    [Fact]
    public async Task A_namespace_that_does_not_exist_lists_nothing_and_takes_nothing()
    {
        (await Api.Get("/apis/example.test/v1/namespaces/nons/widgets")).Expect(200).Items.ShouldBeEmpty();
        (await Api.Post("/apis/example.test/v1/namespaces/nons/widgets", Widget("w1"))).Expect(404, "NotFound").TextAt("message").ShouldBe("namespaces \"nons\" not found");
    }
}

public sealed class ListsOnSandbox(SandboxServer server) : ListChecks(server);

public sealed class ListsOnRealServer(RealServer server) : ListChecks(server);
