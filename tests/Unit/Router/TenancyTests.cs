using System.Collections.Frozen;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>What a key may do: nothing that its limits do not allow, and nobody else's.</summary>
public sealed class TenancyTests
{
    private static readonly Caller Tester = new("tester");

    [Fact]
    public async Task A_model_that_a_key_may_not_use_does_not_exist_for_it()
    {
        await using var upstream = await Upstream.StartAsync();
        var routes = (RouteConfig[])[Route(Variant("large", 0.9, upstream)), Route(Variant("large", 0.9, upstream)) with { Name = "b", Model = "secret-model" }];
        await using var router = await RouterHost.StartAsync(routes);
        router.Source.Set(Table(routes, Tester with { Models = FrozenSet.Create(StringComparer.Ordinal, "chat") }));

        using var forbidden = await router.ChatAsync(Ask("secret-model"));
        using var missing = await router.ChatAsync(Ask("secret-mode1"));
        await ExpectErrorAsync(forbidden, HttpStatusCode.NotFound, "model_not_found");
        (await forbidden.Content.ReadAsStringAsync()).ShouldBe((await missing.Content.ReadAsStringAsync()).Replace("secret-mode1", "secret-model", StringComparison.Ordinal));
        upstream.Received.ShouldBeEmpty();

        var list = JsonNode.Parse(await router.Client.GetStringAsync(new Uri("/v1/models", UriKind.Relative)))!;
        list["data"]!.AsArray().Select(m => m!["id"]!.GetValue<string>()).ShouldBe(["chat"]);
        using var one = await router.Client.GetAsync(new Uri("/v1/models/secret-model", UriKind.Relative));
        await ExpectErrorAsync(one, HttpStatusCode.NotFound, "model_not_found");
        (await router.ChatAsync(Ask("chat"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_request_rate_is_kept_and_told_in_the_headers_of_the_field()
    {
        await using var upstream = await Upstream.StartAsync();
        var route = Route(Variant("large", 0.9, upstream));
        await using var router = await RouterHost.StartAsync(route);
        router.Source.Set(Table([route], Limited(new CallerLimits { RequestsPerMinute = 2, TokensPerMinute = 100_000 })));

        using var first = await router.ChatAsync();
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        Header(first, "x-ratelimit-limit-requests").ShouldBe("2");
        Header(first, "x-ratelimit-remaining-requests").ShouldBe("1");
        Header(first, "x-ratelimit-limit-tokens").ShouldBe("100000");
        Header(first, "x-ratelimit-reset-requests").ShouldEndWith("s");
        (await router.ChatAsync()).Dispose();
        using var third = await router.ChatAsync();
        await ExpectErrorAsync(third, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
        Header(third, "x-ratelimit-remaining-requests").ShouldBe("0");
        third.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));

        // A new configuration, with a new key of the same name, is no new allowance.
        router.Source.Set(Table([route], Limited(new CallerLimits { RequestsPerMinute = 2 }), "sk-rotated"));
        using var old = await router.ChatAsync();
        await ExpectErrorAsync(old, HttpStatusCode.Unauthorized, "invalid_api_key");
        router.Client.DefaultRequestHeaders.Authorization = new("Bearer", "sk-rotated");
        using var rotated = await router.ChatAsync();
        await ExpectErrorAsync(rotated, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
        router.Client.DefaultRequestHeaders.Authorization = new("Bearer", "sk-other");
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        router.AccessLog.ShouldNotContain("sk-");
    }

    [Fact]
    public async Task Tokens_are_charged_as_used_and_given_back_when_nothing_was_served()
    {
        await using var upstream = await Upstream.StartAsync(onRequest: context => Upstream.AnswerAsync(context, "hello", completionTokens: 900));
        var route = Route(Variant("large", 0.9, upstream));
        await using var router = await RouterHost.StartAsync(route);
        router.Source.Set(Table([route], Limited(new CallerLimits { TokensPerDay = 1_000 })));

        upstream.OnRequest = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        upstream.OnRequest = context => Upstream.AnswerAsync(context, "hello", completionTokens: 900);
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK, "903 of 1,000 tokens are used");
        using var spent = await router.ChatAsync();
        var error = await ExpectErrorAsync(spent, HttpStatusCode.TooManyRequests, "insufficient_quota");
        error["message"]!.GetValue<string>().ShouldContain("of this day");
        spent.Headers.RetryAfter!.Delta!.Value.ShouldBeLessThanOrEqualTo(TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task A_key_whose_limits_cannot_be_read_is_refused_and_not_unlimited()
    {
        await using var upstream = await Upstream.StartAsync();
        var route = Route(Variant("large", 0.9, upstream));
        await using var router = await RouterHost.StartAsync(route);
        var table = RoutingTableBuilder.Build([], [], [], [Secret(("team-a", Key), ("team-a.limits", "requestsPerMinute: lots"))], [], out var problems);
        router.Source.Set(new RoutingTable([route], table.Keys));

        using var response = await router.ChatAsync();
        var error = await ExpectErrorAsync(response, HttpStatusCode.Forbidden, "key_misconfigured");
        error["message"]!.GetValue<string>().ShouldContain("team-a.limits");
        upstream.Received.ShouldBeEmpty();
        problems.ShouldHaveSingleItem().ShouldBe("Secret ops-system/router-keys: entry team-a.limits cannot be read, so the key is refused: requestsPerMinute must be a whole number above 0; leave it out for no limit");
    }

    [Fact]
    public void Limits_are_read_from_the_entry_beside_the_key()
    {
        var keys = RoutingTableBuilder.Build([], [], [], [Secret(("team-a", Key), ("team-a.limits", """
            tenant: research   # shared by several keys
            weight: 2.5
            priority: batch
            models: [chat, team/other]
            requestsPerMinute: 600
            tokensPerMinute: 200000
            tokensPerDay: 5000000000
            tokensPerMonth: "100000000000"
            """), ("team-b", "sk-b"), ("team-b.limits", """{"tenant": "research"}"""))], [], out var problems).Keys;

        problems.ShouldBeEmpty();
        var caller = keys.Find(Key)!;
        (caller.Id, caller.Tenant, caller.Limits.Weight, caller.Limits.Priority).ShouldBe(("team-a", "research", 2.5, "batch"));
        caller.Models!.Order().ShouldBe(["chat", "team/other"]);
        (caller.Limits.RequestsPerMinute, caller.Limits.TokensPerMinute, caller.Limits.TokensPerDay, caller.Limits.TokensPerMonth).ShouldBe((600, 200_000, 5_000_000_000, 100_000_000_000));
        keys.Find("sk-b")!.Tenant.ShouldBe("research");
        keys.Find("tenant: research").ShouldBeNull("limits are no key");
    }

    [Theory]
    [InlineData("requestPerMinute: 6", "\"requestPerMinute\" is unknown; the fields are tenant, weight,")]
    [InlineData("requestsPerMinute: 0", "requestsPerMinute must be a whole number above 0")]
    [InlineData("tokensPerDay: 1e6", "tokensPerDay must be a whole number above 0")]
    [InlineData("tokensPerMinute: 3000000000", "tokensPerMinute must be a whole number above 0")]
    [InlineData("weight: -1", "weight must be a number from 0.01 to 1000")]
    [InlineData("weight: NaN", "weight must be a number")]
    [InlineData("models: chat", "models must be a list")]
    [InlineData("models: [[chat]]", "each of models must be a text")]
    [InlineData("tenant: ''", "tenant must be a text of 1 to 253 characters")]
    [InlineData("- tenant", "it is no YAML mapping")]
    [InlineData("just words", "it is no YAML mapping")]
    [InlineData("a: {", "(line ")]
    [InlineData("weight: 1\nweight: 2", "(line 2)")]
    public void Unreadable_limits_say_what_is_wrong(string limits, string problem) =>
        KeyEntry.Read("k", Encoding.UTF8.GetBytes(limits)).Problem.ShouldNotBeNull().ShouldContain(problem);

    [Fact]
    public void Overlong_limits_and_limits_of_no_key_are_named()
    {
        KeyEntry.Read("k", new byte[20_000]).Problem.ShouldNotBeNull().ShouldContain("at most 16384");
        RoutingTableBuilder.Build([], [], [], [Secret(("team-b.limits", "weight: 1"))], [], out var problems).Keys.Count.ShouldBe(0);
        problems.ShouldHaveSingleItem().ShouldContain("entry team-b.limits limits no key");
    }

    [Fact]
    public void The_sample_is_readable() =>
        KeyEntry.Read("team-a", File.ReadAllBytes(Path.Combine(Ops.Testing.Repository.Root, "manifests", "samples", "limits", "team-a.yaml"))).ShouldSatisfyAllConditions(
            caller => caller.Problem.ShouldBeNull(),
            caller => caller.Tenant.ShouldBe("research"),
            caller => caller.Limits.TokensPerMonth.ShouldBe(100_000_000));

    [Fact]
    public void Empty_limits_are_none() => KeyEntry.Read("k", "# nothing yet\n"u8.ToArray()).ShouldBe(new Caller("k"));

    private static string Ask(string model) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"Hello"}]}""";

    private static Caller Limited(CallerLimits limits) => Tester with { Limits = limits };

    private static RoutingTable Table(RouteConfig[] routes, Caller caller, string key = Key) =>
        new([.. routes], ApiKeys.From([(caller, Encoding.UTF8.GetBytes(key)), (new Caller("other"), "sk-other"u8.ToArray())]));

    private static V1Secret Secret(params (string Name, string Value)[] entries) => new()
    {
        Metadata = new() { Name = "router-keys", NamespaceProperty = "ops-system" },
        Data = entries.ToDictionary(e => e.Name, e => Encoding.UTF8.GetBytes(e.Value)),
    };

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();
}
