using k8s.Models;
using Ops.Api;
using Ops.Picking;

namespace Ops.Router.Tests;

public sealed class RoutingTableBuilderTests
{
    [Fact]
    public void A_route_gets_the_ready_endpoints_of_its_pools()
    {
        var table = Build(
            [Route("chat", ("large", 0.9), ("small", 0.5))],
            [Pool("large", "vendor/L"), Pool("small", "vendor/S")],
            [
                Slice("large", 8000, ("10.0.0.2", true, "large-b"), ("10.0.0.1", true, "large-a"), ("10.0.0.3", false, "large-c"), ("10.0.0.4", null, null)),
                Slice("large", 8000, ("10.0.0.1", true, "large-a")),
                Slice("other", 8000, ("10.0.0.9", true, "x")),
            ]);

        var route = table.Routes.ShouldHaveSingleItem();
        route.Variants[0].Replicas.ShouldBe([
            new ReplicaAddress("large-a", "http://10.0.0.1:8000"),
            new ReplicaAddress("large-b", "http://10.0.0.2:8000"),
            new ReplicaAddress("10.0.0.4", "http://10.0.0.4:8000")]);
        route.Variants[0].Model.ShouldBe("vendor/L");
        route.Variants[1].Replicas.ShouldBeEmpty();
        route.Policy.ShouldBeOfType<PricePolicy>();
        (route.Attempts, route.Objective, route.Timeouts).ShouldBe((2, Objective.Default, UpstreamTimeouts.Default with { ReplicaReady = TimeSpan.FromSeconds(30) }));
        route.RetryPercent.ShouldBe(20);
        route.HedgeAfter.ShouldBeNull();
        (route.Pick, route.SessionHeader).ShouldBe((PickRules.Default, "x-ops-session"));
    }

    [Theory]
    [InlineData("vllm", "--max-num-seqs 16", 16)]
    [InlineData("simulated", "--seed 3 --max-num-seqs=32 --max-waiting 64", 32)]
    [InlineData("vllm", "--max_num_seqs 8 --max-num-seqs 9", 9)]
    [InlineData("llamacpp", "-np 4", 4)]
    [InlineData("llamacpp", "--max-num-seqs 16", null)]
    [InlineData("vllm", "--max-num-seqs", null)]
    [InlineData("vllm", "--max-num-seqs many", null)]
    [InlineData("vllm", "--max-num-seqs -1", null)]
    [InlineData("vllm", "", null)]
    public void The_batch_that_an_engines_arguments_name_is_read(string engine, string args, int? most)
    {
        var pool = Pool("large", "m");
        pool.Spec = pool.Spec with { Engine = new EngineSpec { Type = engine, Args = args.Split(' ', StringSplitOptions.RemoveEmptyEntries) } };

        Build([Route("chat", ("large", 0.9))], [pool], []).Routes[0].Variants[0].MaxSequences.ShouldBe(most);
    }

    [Fact]
    public void A_pool_with_the_role_prefill_reads_prompts_and_answers_nobody()
    {
        var prefill = Pool("reader", "m");
        prefill.Spec = prefill.Spec with { Role = PoolRoles.Prefill };
        var route = Route("chat", ("reader", 0.9), ("large", 0.9));
        route.Spec = route.Spec with { Prefill = new PrefillSpec { Threshold = 100 } };

        var config = Build([route], [prefill, Pool("large", "m")], []).Routes[0];

        config.Variants.Select(v => v.Pool).ShouldBe(["large"]);
        config.Prefill.Select(v => (v.Pool, v.Model)).ShouldBe([("reader", "m")]);
        config.PrefillThreshold.ShouldBe(100);

        Build([Route("chat", ("reader", 0.9))], [prefill], [], out var problems).Routes[0].Variants.ShouldBeEmpty();
        problems.ShouldHaveSingleItem().ShouldContain("none of them answers");
    }

    [Fact]
    public void A_guest_has_an_engine_on_every_so_many_GPUs_of_its_hosts_pods()
    {
        var host = Pool("large", "Qwen/Qwen3-32B");
        host.Spec = host.Spec with { Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3", Count = 2 }, Energy = new() { ClockMHz = 990 } };
        var guest = Pool("small", "Qwen/Qwen3-8B");
        guest.Spec = guest.Spec with { Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" }, CoResident = new() { Host = "large", MemoryPercent = 40 } };
        var slice = Slice("small", 8001, ("10.0.0.1", true, "large-a"));
        slice.Ports.Add(new() { Name = "http-1", Port = 8002 });
        slice.Ports.Add(new() { Name = "http-2", Port = 8003 });

        var route = Build([Route("chat", ("large", 0.9), ("small", 0.5))], [host, guest], [Slice("large", 8000, ("10.0.0.1", true, "large-a")), slice]).Routes[0];

        route.Variants[0].Replicas.ShouldBe([new ReplicaAddress("large-a", "http://10.0.0.1:8000") { Gpus = new("large-a", 0, 2) }]);
        route.Variants[1].Replicas.ShouldBe([
            new ReplicaAddress("large-a", "http://10.0.0.1:8001") { Gpus = new("large-a", 0, 1) },
            new ReplicaAddress("large-a/1", "http://10.0.0.1:8002") { Gpus = new("large-a", 1, 1) }]);
        // At the host's clock, prompts take twice as long as at full clock.
        guest.Spec = guest.Spec with { CoResident = null };
        var alone = Build([Route("chat", ("small", 0.5))], [guest], []).Routes[0].Variants[0].Curve!;
        route.Variants[1].Curve!.SecondsPerPromptToken.ShouldBe(2 * alone.SecondsPerPromptToken, 1e-9);
    }

    [Fact]
    public void The_spec_is_honoured()
    {
        var route = Route("chat", ("large", 0.9));
        route.Spec = route.Spec with
        {
            Suspend = true,
            Model = "team/chat",
            Objective = new ObjectiveSpec { TimeToFirstToken = "500ms", HardDeadline = "2m" },
            Policy = new PolicySpec { Type = "static", StaticPool = "large" },
            Retry = new RetrySpec { Attempts = 4, BudgetPercent = 50, HedgeAfter = "150ms" },
            Timeouts = new TimeoutSpec { Idle = "999999h", Total = "10m", ReplicaReady = "0s" },
            Scorers = new ScorerSpec { Queue = 7, PrefixCache = 0 },
            Affinity = new AffinitySpec { SessionHeader = "x-conversation", MaxLoadPercent = 150, LoadSlack = 9 },
        };

        var config = Build([route], [Pool("large", "m")], []).Routes[0];

        (config.Model, config.Suspended, config.Attempts).ShouldBe(("team/chat", true, 4));
        config.RetryPercent.ShouldBe(50);
        config.HedgeAfter.ShouldBe(TimeSpan.FromMilliseconds(150));
        (config.Timeouts.Total, config.Timeouts.ReplicaReady).ShouldBe((TimeSpan.FromMinutes(10), TimeSpan.Zero));
        config.Objective.ShouldBe(new Objective(0.5, 0.1, 30, 120));
        config.Policy.Considers(RouteSnapshot.Create("r", default, ["default"], [new() { Pool = "large", Quality = [1], Replicas = [] }]), 0).ShouldBeTrue();
        config.Timeouts.Idle.ShouldBe(TimeSpan.FromDays(1));
        config.Pick.Weights.ShouldBe(ScorerWeights.Default with { Queue = 7, PrefixCache = 0 });
        (config.Pick.Bound, config.SessionHeader).ShouldBe((new LoadBound(1.5f, 9), "x-conversation"));
    }

    [Fact]
    public void A_price_comes_with_its_energy_weight_and_the_curves_of_models_that_were_measured()
    {
        var route = Route("chat", ("large", 0.9), ("small", 0.5));
        route.Spec = route.Spec with { Policy = new PolicySpec { Type = "price", EnergyWeight = 2e-4 } };
        var known = Pool("large", "meta-llama/Llama-3.1-8B-Instruct");
        known.Spec = known.Spec with { Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" }, Energy = new() { ClockMHz = 990 } };

        var config = Build([route], [known, Pool("small", "vendor/S")], []).Routes[0];

        config.Policy.ShouldBeOfType<PricePolicy>().EnergyWeight.ShouldBe(2e-4);
        // At half the clock a decode step takes 6 % longer and a prompt twice as long: 8B on one H100 reads 30,800 tokens a second.
        config.Variants[0].Curve!.SecondsPerPromptToken.ShouldBe(2 / 30_800.0, 1e-6);
        config.Variants[1].Curve.ShouldBeNull();
    }

    [Fact]
    public void Tasks_are_all_that_any_variant_names_and_a_missing_quality_is_the_default_one()
    {
        var route = Route("chat", ("large", 0.9), ("small", 0.5));
        route.Spec = route.Spec with
        {
            Variants =
            [
                new VariantSpec { Pool = "large", Quality = new Dictionary<string, double> { ["default"] = 0.9, ["math"] = 0.8 } },
                new VariantSpec { Pool = "small", Quality = new Dictionary<string, double> { ["default"] = 0.5, ["code"] = 0.7 } },
            ],
        };

        var config = Build([route], [], []).Routes[0];

        config.Tasks.ShouldBe(["default", "code", "math"]);
        config.Variants[0].Quality.ShouldBe([0.9, 0.9, 0.8]);
        config.Variants[1].Quality.ShouldBe([0.5, 0.7, 0.5]);
    }

    [Fact]
    public void A_variant_with_an_adapter_asks_the_engine_for_it()
    {
        var route = Route("sql", ("large", 0.9));
        route.Spec = route.Spec with { Variants = [route.Spec.Variants[0] with { Adapter = "sql-lora" }] };

        var variant = Build([route], [Pool("large", "vendor/L")], []).Routes[0].Variants[0];

        (variant.Model, variant.Adapter).ShouldBe(("sql-lora", "sql-lora"));
    }

    [Fact]
    public void A_variant_has_at_most_as_many_replicas_as_a_choice_looks_at()
    {
        var endpoints = Enumerable.Range(0, 1_100).Select(i => ($"10.0.{i / 250}.{i % 250}", (bool?)true, (string?)$"pod-{i}")).ToArray();

        Build([Route("chat", ("large", 1))], [Pool("large", "m")], [Slice("large", 8000, endpoints)], out var problems).Routes[0].Variants[0].Replicas.Length.ShouldBe(RouteSnapshot.MaxReplicas);

        problems.ShouldHaveSingleItem().ShouldContain("only 1024 of the 1100 replicas of large are used");
    }

    [Fact]
    public void A_pool_of_another_namespace_is_not_used()
    {
        var pool = Pool("large", "m");
        pool.Metadata.NamespaceProperty = "elsewhere";
        var slice = Slice("large", 8000, ("10.0.0.1", true, "a"));

        Build([Route("chat", ("large", 1))], [pool], [slice], out var problems).Routes[0].Variants[0].Replicas.ShouldBeEmpty();

        problems.ShouldHaveSingleItem().ShouldContain("ModelPool default/large does not exist");
    }

    [Fact]
    public void Of_two_routes_for_one_model_the_older_one_serves()
    {
        var (old, young) = (Route("zzz", ("large", 1)), Route("aaa", ("large", 1)));
        old.Spec = old.Spec with { Model = "chat" };
        young.Spec = young.Spec with { Model = "chat" };
        young.Metadata.CreationTimestamp = old.Metadata.CreationTimestamp!.Value.AddSeconds(1);

        Build([young, old], [Pool("large", "m")], [], out var problems).Routes.ShouldHaveSingleItem().Name.ShouldBe("zzz");

        problems.ShouldHaveSingleItem().ShouldContain("ModelRoute default/aaa is not served");
    }

    [Fact]
    public void Keys_come_from_every_entry_of_the_secrets()
    {
        var secrets = new[]
        {
            new V1Secret { Metadata = new() { Name = "a", NamespaceProperty = "s" }, Data = new Dictionary<string, byte[]> { ["one"] = "key-1"u8.ToArray(), ["empty"] = [] } },
            new V1Secret { Metadata = new() { Name = "b", NamespaceProperty = "s" }, Data = new Dictionary<string, byte[]> { ["two"] = "key-2"u8.ToArray() } },
            new V1Secret { Metadata = new() { Name = "c", NamespaceProperty = "s" } },
        };

        var keys = RoutingTableBuilder.Build([], [], [], secrets, [], out var problems).Keys;

        keys.Find("key-1")!.Id.ShouldBe("one");
        keys.Find("key-2")!.Id.ShouldBe("two");
        keys.Find("key-3").ShouldBeNull();
        keys.Find("").ShouldBeNull();
        keys.Find(new string('x', 100_000)).ShouldBeNull();
        problems.ShouldHaveSingleItem().ShouldContain("entry empty");
    }

    [Fact]
    public void An_IPv6_endpoint_gets_brackets()
    {
        var slice = Slice("large", 8000, ("fd00::1", true, "a"));
        slice.AddressType = "IPv6";
        Build([Route("chat", ("large", 1))], [Pool("large", "m")], [slice]).Routes[0].Variants[0].Replicas[0].Url.ShouldBe("http://[fd00::1]:8000");
    }

    [Fact]
    public void The_ports_appProtocol_says_how_a_replica_is_spoken_to()
    {
        ReplicaAddress Address(string? appProtocol, out IReadOnlyList<string> problems)
        {
            var slice = Slice("large", 8000, ("10.0.0.1", true, "a"));
            slice.Ports[1].AppProtocol = appProtocol;
            return Build([Route("chat", ("large", 1))], [Pool("large", "m")], [slice], out problems).Routes[0].Variants[0].Replicas[0];
        }

        Address(null, out _).ShouldBe(new ReplicaAddress("a", "http://10.0.0.1:8000"));
        Address("http", out _).ShouldBe(new ReplicaAddress("a", "http://10.0.0.1:8000"));
        Address("kubernetes.io/h2c", out _).ShouldBe(new ReplicaAddress("a", "http://10.0.0.1:8000", UpstreamProtocol.H2c));
        Address("https", out var none).ShouldBe(new ReplicaAddress("a", "https://10.0.0.1:8000", UpstreamProtocol.Https, "large.default.svc"));
        none.ShouldBeEmpty();
        Address("redis", out var problems).Protocol.ShouldBe(UpstreamProtocol.Http1);
        problems.ShouldHaveSingleItem().ShouldContain("appProtocol redis");
    }

    private static RoutingTable Build(ModelRoute[] routes, ModelPool[] pools, V1EndpointSlice[] slices) => Build(routes, pools, slices, out _);

    private static RoutingTable Build(ModelRoute[] routes, ModelPool[] pools, V1EndpointSlice[] slices, out IReadOnlyList<string> problems) =>
        RoutingTableBuilder.Build(routes, pools, slices, [], [], out problems);

    private static ModelRoute Route(string name, params (string Pool, double Quality)[] variants) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default", CreationTimestamp = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) },
        Spec = new() { Variants = [.. variants.Select(v => new VariantSpec { Pool = v.Pool, Quality = new Dictionary<string, double> { ["default"] = v.Quality } })] },
    };

    private static ModelPool Pool(string name, string model) => new() { Metadata = new() { Name = name, NamespaceProperty = "default" }, Spec = new() { Model = model } };

    private static V1EndpointSlice Slice(string service, int port, params (string Address, bool? Ready, string? Pod)[] endpoints) => new()
    {
        Metadata = new() { Name = service + "-x", NamespaceProperty = "default", Labels = new Dictionary<string, string> { [Labels.ServiceName] = service } },
        AddressType = "IPv4",
        Ports = [new Discoveryv1EndpointPort { Name = "metrics", Port = 9 }, new Discoveryv1EndpointPort { Name = "http", Port = port }],
        Endpoints = [.. endpoints.Select(e => new V1Endpoint
        {
            Addresses = [e.Address],
            Conditions = new V1EndpointConditions { Ready = e.Ready },
            TargetRef = e.Pod is null ? null : new V1ObjectReference { Kind = "Pod", Name = e.Pod },
        })],
    };
}
