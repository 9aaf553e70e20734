using k8s.Models;
using Ops.Kube;
using Ops.Operator.Scraping;

namespace Ops.Operator.Tests;

public sealed class ScrapingTests
{
    private const string VllmPage = """
        # HELP vllm:generation_tokens_total Number of generation tokens processed.
        # TYPE vllm:generation_tokens_total counter
        vllm:generation_tokens_total{engine="0",model_name="org/m"} 1200.0
        vllm:generation_tokens_total{engine="1",model_name="org/m"} 300.0
        vllm:num_requests_running{model_name="a}b\"c"} 3
        ops_gpu_power_watts{gpu="0",simulated="true"} 410.5
        ops_gpu_power_watts{gpu="1",simulated="true"} 389.5
        ops_gpu_energy_joules_total{simulated="true"} 1e6 1700000000000
        ops_gpu_clock_mhz{gpu="0"} 1980
        ops_gpu_clock_mhz{gpu="1"} 1755
        broken{
        nothing NaN
        """;

    [Fact]
    public void A_pods_page_is_summed_over_its_gpus_and_engines()
    {
        var sample = PodSample.Read(VllmPage, at: 5);
        (sample.At, sample.Watts, sample.Joules, sample.Tokens, sample.ClockMHz).ShouldBe((5, 800, 1e6, 1500, 1755));
    }

    [Fact]
    public void A_page_without_the_wanted_metrics_says_nothing()
    {
        var sample = PodSample.Read("up 1\nllamacpp:tokens_predicted_total 7\n", 0);
        (sample.Watts, sample.Joules, sample.Tokens, sample.ClockMHz).ShouldBe((null, null, 7, null));
    }

    [Fact]
    public void What_an_engine_does_not_know_of_its_gpus_comes_from_the_nodes_exporters()
    {
        var readings = GpuReadings.Read(
        [
            """
            DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-1",container="vllm",namespace="ml",pod="large-0"} 300.5
            DCGM_FI_DEV_POWER_USAGE{gpu="1",UUID="GPU-2",container="vllm",namespace="ml",pod="large-0"} 299.5
            DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",namespace="ml",pod="large-0"} 5000
            DCGM_FI_DEV_SM_CLOCK{gpu="0",namespace="ml",pod="large-0"} 1980
            DCGM_FI_DEV_SM_CLOCK{gpu="1",namespace="ml",pod="large-0"} 1500
            DCGM_FI_DEV_POWER_USAGE{gpu="2",UUID="GPU-3"} 70
            kepler_container_gpu_joules_total{container_namespace="ml",pod_name="small-0",container_name="vllm"} 40
            kepler_container_gpu_joules_total{container_namespace="ml",pod_name="large-0",container_name="vllm"} 99
            """,
            """
            ops_gpu_energy_joules_total{gpu="0",namespace="ml",pod="large-0",pool="large"} 7
            """,
        ]);

        // The agent knows the joules best, DCGM the rest; Kepler is asked last.
        readings.Of(new("ml", "large-0")).ShouldBe(new(600, 7, 1500));
        readings.Of(new("ml", "small-0")).ShouldBe(new(null, 40, null));
        readings.Of(new("other", "large-0")).ShouldBe(new());

        var sample = PodSample.Read("vllm:generation_tokens_total 7\nops_gpu_power_watts 10\n", 0);
        sample.Complete(readings.Of(new("ml", "large-0")));
        (sample.Watts, sample.Joules, sample.ClockMHz, sample.Tokens).ShouldBe((10, 7, 1500, 7));
    }

    [Theory]
    [InlineData("""a="1",b="2" """, "b", "2")]
    [InlineData("""a="x,b=\"no\"",b="yes" """, "b", "yes")]
    [InlineData("""a="q\"uo\\te\n" """, "a", "q\"uo\\te\n")]
    [InlineData("""a="1" """, "b", null)]
    [InlineData("", "a", null)]
    [InlineData("a", "a", null)]
    [InlineData("""a="open""", "a", null)]
    public void Labels_are_found_whatever_their_values_hold(string labels, string name, string? value) =>
        PrometheusText.Label(labels, name).ShouldBe(value);

    [Fact]
    public void A_window_gives_rates_of_what_counters_gained()
    {
        var before = Pods(("a", Page(100, 1000, 400), 10), ("b", Page(50, 500, 300), 10));
        var now = Pods(("a", Page(400, 1600, 450), 25), ("b", Page(50, 800, 310), 25));
        var numbers = PoolWindow.Numbers(before, now);
        numbers.Watts.ShouldBe(760);
        numbers.TokensPerSecond!.Value.ShouldBe(20, 1e-9);
        numbers.JoulesPerToken!.Value.ShouldBe(3, 1e-9);
        numbers.ClockMHz.ShouldBe(1980);
        PoolWindow.Joules(before, now).ShouldBe(900);
    }

    [Fact]
    public void A_restarted_counter_counts_from_zero_and_a_new_pod_waits_for_its_first_window()
    {
        var before = Pods(("a", Page(100, 1000, 400), 0));
        var restarted = Pods(("a", Page(30, 60, 400), 15), ("new", Page(9999, 9999, 400), 15));
        var numbers = PoolWindow.Numbers(before, restarted);
        numbers.TokensPerSecond.ShouldBe(2);
        numbers.JoulesPerToken.ShouldBe(2);
        numbers.Watts.ShouldBe(800);
        var first = PoolWindow.Numbers(Pods(), restarted);
        (first.HasRates, first.TokensPerSecond, first.Watts).ShouldBe((false, null, 800));
    }

    [Fact]
    public void An_idle_pool_has_no_joules_per_token_and_a_silent_one_has_no_numbers()
    {
        var idle = Pods(("a", Page(100, 1000, 120), 0));
        var later = Pods(("a", Page(100, 2800, 120), 15));
        var numbers = PoolWindow.Numbers(idle, later);
        (numbers.TokensPerSecond, numbers.JoulesPerToken, numbers.Watts).ShouldBe((0, null, 120));
        PoolWindow.Numbers(idle, Pods()).ShouldBe(new());
    }

    [Fact]
    public void A_route_is_summed_over_routers_and_gets_its_share_of_the_energy()
    {
        var before = Routers(("r1", RouterPage(0, 0, 0, 0), 0), ("r2", RouterPage(100, 100, 50, 1000), 0));
        var now = Routers(("r1", RouterPage(10, 9, 5, 300), 10), ("r2", RouterPage(110, 110, 56, 1200), 10));
        var traffic = RouteWindow.Traffic(before, now)!;
        traffic.Seconds.ShouldBe(10);
        var numbers = RouteWindow.Numbers(traffic, "default/chat", ["small", "large"], pool => pool == "small" ? 2000 : null, _ => 1000);
        // 20 answered and 4 rejected in 10 s; 19 in time.
        numbers.RequestsPerSecond.ShouldBe(2.4);
        numbers.Availability!.Value.ShouldBe(19 / 24d, 1e-9);
        numbers.MeanQuality!.Value.ShouldBe(11 / 20d, 1e-9);
        // Half of the pool's 1000 tokens went to this route, so half of its 2000 J, over 20 answers.
        numbers.JoulesPerRequest!.Value.ShouldBe(50, 1e-9);
        numbers.Shares.ShouldBe(new Dictionary<string, double> { ["small"] = 1, ["large"] = 0 }, ignoreOrder: true);
    }

    [Fact]
    public void What_a_router_makes_of_a_learned_policy_is_read_as_it_says()
    {
        var sample = RouterSample.Read("""
            ops_router_policy_info{route="default/chat",policy="price",standing="Unusable",message="there is no ConfigMap p with the label x: \"true\", {really}"} 1

            """, 0);
        sample.Policies.ShouldHaveSingleItem().ShouldBe(new("default/chat", new("price", "Unusable", "there is no ConfigMap p with the label x: \"true\", {really}")));
    }

    [Fact]
    public void A_route_without_requests_has_a_rate_of_zero_and_nothing_else()
    {
        var traffic = RouteWindow.Traffic(Routers(("r1", RouterPage(5, 5, 5, 5), 0)), Routers(("r1", RouterPage(5, 5, 5, 5), 10)))!;
        var numbers = RouteWindow.Numbers(traffic, "default/chat", ["small"], _ => 100, _ => 0);
        (numbers.RequestsPerSecond, numbers.Availability, numbers.MeanQuality, numbers.JoulesPerRequest, numbers.Shares.Count).ShouldBe((0, null, null, null, 0));
        RouteWindow.Traffic(Routers(), Routers(("r1", RouterPage(5, 5, 5, 5), 10))).ShouldBeNull();
    }

    [Theory]
    [InlineData("Running", "10.1.2.3", "http://10.1.2.3:8000/metrics")]
    [InlineData("Running", "fd00::1", "http://[fd00::1]:8000/metrics")]
    [InlineData("Running", "metadata.internal", null)]
    [InlineData("Running", "", null)]
    [InlineData("Pending", "10.1.2.3", null)]
    public void Only_running_pods_with_an_address_are_read(string phase, string ip, string? address) =>
        ScrapeTarget.Of(new()
        {
            Metadata = new(),
            Spec = new() { Containers = [new() { Name = "engine", Ports = [new() { Name = "other", ContainerPort = 1 }, new() { Name = "http", ContainerPort = 8000 }] }] },
            Status = new() { Phase = phase, PodIP = ip },
        }, "http")?.ToString().ShouldBe(address);

    private static string Page(double tokens, double joules, double watts) =>
        $"vllm:generation_tokens_total {tokens}\nops_gpu_energy_joules_total {joules}\nops_gpu_power_watts {watts}\nops_gpu_clock_mhz 1980\n";

    private static Dictionary<string, PodSample> Pods(params (string Uid, string Page, double At)[] pods) =>
        pods.ToDictionary(pod => pod.Uid, pod => PodSample.Read(pod.Page, pod.At));

    private static string RouterPage(double answered, double inTime, double quality, double tokens) => $$"""
        ops_router_requests_total{route="default/chat",variant="small",outcome="answered"} {{answered}}
        ops_router_requests_total{route="default/chat",variant="",outcome="rejected"} {{answered / 5}}
        ops_router_requests_total{route="default/chat",variant="small",outcome="cancelled"} {{answered * 7}}
        ops_router_deadline_met_total{route="default/chat",variant="small"} {{inTime}}
        ops_router_quality_sum{route="default/chat",variant="small"} {{quality}}
        ops_router_tokens_total{route="default/chat",variant="small",direction="prompt"} {{tokens * 9}}
        ops_router_tokens_total{route="default/chat",variant="small",direction="completion"} {{tokens}}
        """;

    private static Dictionary<string, RouterSample> Routers(params (string Uid, string Page, double At)[] routers) =>
        routers.ToDictionary(router => router.Uid, router => RouterSample.Read(router.Page, router.At));
}
