using System.Net;
using k8s.Models;
using Ops.Api;
using Ops.Picking;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>A route with a learned policy: where it comes from, what decides instead of a file that cannot be used, and what the router says about it.</summary>
public sealed class LearnedPolicyTests
{
    private static readonly byte[] File = PolicyFile.Write(Model("large", "small"));

    [Fact]
    public void A_route_gets_the_policy_that_its_reference_names()
    {
        var route = Build(Spec(energyWeight: 2e-4), Map("chat-policy", File), out var problems);

        problems.ShouldBeEmpty();
        route.Learned.ShouldNotBeNull().Model.ShouldNotBeNull().Margin.ShouldBe(0.1);
        route.Policy.ShouldBeOfType<PricePolicy>().EnergyWeight.ShouldBe(2e-4);
    }

    [Fact]
    public void A_file_that_cannot_be_used_leaves_the_price_rule_and_says_why()
    {
        byte[] corrupt = [.. File];
        corrupt[40] ^= 1;
        byte[] other = [.. File];
        other[9] = 99;
        Refused(Map("another", File)).ShouldBe("there is no ConfigMap chat-policy with the label ops.autonomic.dev/policy: \"true\" in the routers' namespace; ./ops train writes it");
        Refused(new V1ConfigMap { Metadata = new() { Name = "chat-policy" } }).ShouldBe("ConfigMap chat-policy has no entry policy.bin under binaryData; ./ops train writes it");
        Refused(Map("chat-policy", corrupt)).ShouldBe("ConfigMap chat-policy: the policy file is corrupt: its checksum does not match");
        Refused(Map("chat-policy", other)).ShouldStartWith("ConfigMap chat-policy: the policy file has version 99");
        Refused(Map("chat-policy", PolicyFile.Write(Model("small", "large")))).ShouldBe("ConfigMap chat-policy: the policy was trained for variants small, large, the route has large, small; train it again");
        Refused(Map("chat-policy", File), energyWeight: 0).ShouldBe("ConfigMap chat-policy: the policy was trained for another energyWeight than the route's; train it again");
    }

    [Fact]
    public async Task It_is_watched_first_then_followed_and_a_new_table_keeps_its_trial()
    {
        await using var upstream = await Upstream.StartAsync("pod-a");
        var learned = new LearnedConfig("chat-policy", new PricePolicy(), Model("large"), "digest-1", null);
        var config = Route(Variant("large", 0.9, upstream)) with { Learned = learned };
        await using var router = await RouterHost.StartAsync(config);

        (await InfoAsync(router)).ShouldBe("""ops_router_policy_info{route="default/chat",policy="price",standing="Shadow",message="the price rule decides while policy chat-policy is watched, until it was asked about 100 requests"} 1""");
        using (var answer = await router.ChatAsync())
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var trial = Trial(router);
        Enum.GetValues<LearnedVerdict>().Sum(trial.Choices).ShouldBe(1);

        router.Source.Set(config);
        Trial(router).ShouldBeSameAs(trial);
        router.Source.Set(config with { Learned = learned with { Digest = "digest-2" } });
        Trial(router).ShouldNotBeSameAs(trial);

        router.Source.Set(config with { Learned = learned with { Model = null, Problem = "it is corrupt" } });
        (await InfoAsync(router)).ShouldBe("""ops_router_policy_info{route="default/chat",policy="price",standing="Unusable",message="the price rule decides: it is corrupt"} 1""");
        using (var answer = await router.ChatAsync())
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        router.Source.Set(config with { Learned = null });
        (await router.MetricsAsync()).ShouldNotContain("ops_router_policy_info{");
    }

    [Fact]
    public async Task What_exploration_led_to_is_told_as_a_file_on_the_port_that_clients_do_not_reach()
    {
        const int port = 8081;
        await using var large = await Upstream.StartAsync("pod-a");
        await using var small = await Upstream.StartAsync("pod-b");
        var learned = new LearnedConfig("chat-policy", new PricePolicy(), Model("large", "small"), "digest-1", null) { Exploration = LiveExplorer.MostShare };
        var config = Route(Variant("large", 0.9, large), Variant("small", 0.5, small)) with { Learned = learned, Objective = new(1, 0.1, 1, 1) };
        await using var router = await RouterHost.StartAsync(config, $"--Router:DecisionsPort={port}");
        var route = router.Fleet.Current.Routes[0];
        var policy = route.Config.Policy.ShouldBeOfType<GuardedPolicy>();
        // A minute as a shadow, then in force, and long enough ago that all answers are in.
        var now = TimeProvider.System.NowMs();
        var snapshot = route.Snapshot.WithVariants([.. route.Snapshot.Variants.Select(variant => variant with { Replicas = [.. variant.Replicas.Select(replica => replica with { ObservedAtMs = now })] })]);
        void Choose(long at, int requests)
        {
            for (var i = 0; i < requests; i++)
                Chooser.Choose(snapshot, policy, new() { PromptTokens = 100, Streaming = true, NowMs = at, Spread = (uint)i }, default);
        }

        Choose(now - 95_000, 200);
        Choose(now - 32_000, 2_000);
        policy.Trial.Standing.ShouldBe(PolicyStanding.InForce);
        var (status, file) = await DecisionTests.AskAsync(router, port, "/outcomes", "default/chat");

        status.ShouldBe(200);
        var (draws, _) = OutcomeFile.Read(file, "digest-1", ["large", "small"]);
        draws.Length.ShouldBeInRange(300, 500);
        (await DecisionTests.AskAsync(router, port, "/outcomes", "default/other")).Status.ShouldBe(404);
        (await DecisionTests.AskAsync(router, 8080, "/outcomes", "default/chat")).Status.ShouldBe(404);
        router.Source.Set(config with { Learned = null });
        (await DecisionTests.AskAsync(router, port, "/outcomes", "default/chat")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task The_share_that_explores_is_the_routes_and_may_change_under_a_standing_policy()
    {
        await using var upstream = await Upstream.StartAsync("pod-a");
        var learned = new LearnedConfig("chat-policy", new PricePolicy(), Model("large"), "digest-1", null) { Exploration = 0.02 };
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)) with { Learned = learned });

        var explorer = router.Fleet.Current.Routes[0].Config.Policy.ShouldBeOfType<GuardedPolicy>().Explorer;
        explorer.Share.ShouldBe(0.02);
        router.Source.Set(Route(Variant("large", 0.9, upstream)) with { Learned = learned with { Exploration = 0 } });
        router.Fleet.Current.Routes[0].Config.Policy.ShouldBeOfType<GuardedPolicy>().Explorer.ShouldBeSameAs(explorer);
        explorer.Share.ShouldBe(0);
    }

    private static async Task<string> InfoAsync(RouterHost router) =>
        (await router.MetricsAsync()).Split('\n').Single(line => line.StartsWith("ops_router_policy_info{", StringComparison.Ordinal));

    private static PolicyTrial Trial(RouterHost router) => router.Fleet.Current.Routes[0].Config.Policy.ShouldBeOfType<GuardedPolicy>().Trial;

    private static string Refused(V1ConfigMap map, double energyWeight = 2e-4)
    {
        var route = Build(Spec(energyWeight), map, out var problems);
        route.Policy.ShouldBeOfType<PricePolicy>();
        route.Learned.ShouldNotBeNull().Model.ShouldBeNull();
        problems.ShouldContain(problem => problem.EndsWith(route.Learned.Problem!, StringComparison.Ordinal));
        return route.Learned.Problem.ShouldNotBeNull();
    }

    private static RouteConfig Build(PolicySpec policy, V1ConfigMap map, out IReadOnlyList<string> problems)
    {
        ModelRoute route = new()
        {
            Metadata = new() { Name = "chat", NamespaceProperty = "default" },
            Spec = new() { Policy = policy, Variants = [.. new[] { "large", "small" }.Select(pool => new VariantSpec { Pool = pool, Quality = new Dictionary<string, double> { ["default"] = 0.5 } })] },
        };
        var pools = route.Spec.Variants.Select(v => new ModelPool { Metadata = new() { Name = v.Pool, NamespaceProperty = "default" }, Spec = new() { Model = v.Pool, Gpu = new() { Product = "x" } } });
        return RoutingTableBuilder.Build([route], pools, [], [], [map], out problems).Routes.ShouldHaveSingleItem();
    }

    private static PolicySpec Spec(double energyWeight) => new() { Type = "learned", PolicyRef = "chat-policy", EnergyWeight = energyWeight };

    private static V1ConfigMap Map(string name, byte[] file) => new()
    {
        Metadata = new() { Name = name },
        BinaryData = new Dictionary<string, byte[]> { ["policy.bin"] = file },
    };

    private static PolicyModel Model(params string[] pools) => new(
        [.. pools], 0.1, 2e-4, [.. Enumerable.Repeat(-4f, PolicyFeatures.Count)], [.. Enumerable.Repeat(4f, PolicyFeatures.Count)], [new float[PolicyFeatures.Count]], [[0f]]);
}
