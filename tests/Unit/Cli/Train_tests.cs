using Ops.Cli.Train;

namespace Ops.Cli.Tests;

/// <summary>What <c>./ops train</c> makes of a route before it trains.</summary>
public sealed class Train_tests
{
    private static string Samples => Path.Combine(Checkout.Manifests, "samples");

    [Fact]
    public void The_sample_route_is_simulated_as_it_is_written()
    {
        var (route, pools) = TrainedFiles.Read(Samples, ("default", "chat"));
        var order = RouteOrder.Of(route, pools);

        order.Fleet.Validate();
        order.Fleet.Pools.Select(pool => (pool.Name, pool.Placement.Length, pool.Profile.GpuCount)).ShouldBe([("llama-3-1-8b", 2, 1), ("qwen3-14b", 1, 1), ("qwen3-32b", 1, 2)]);
        order.Fleet.Tasks.ShouldBe(["default", "chat", "code", "math"]);
        order.Fleet.Pools[0].Quality.ShouldBe([0.70, 0.76, 0.62, 0.52]);
        (order.Objective.TimeToFirstToken, order.Objective.HardDeadline, order.EnergyWeight).ShouldBe((1, 60, 0));
    }

    [Fact]
    public void A_pool_that_is_missing_or_was_never_measured_is_named()
    {
        var (route, pools) = TrainedFiles.Read(Samples, ("default", "chat"));
        Should.Throw<UserError>(() => RouteOrder.Of(route, pools.Where(pool => pool.Metadata.Name != "qwen3-14b")))
            .Message.ShouldContain("names ModelPool qwen3-14b, which does not exist");
        pools[0].Spec = pools[0].Spec with { Model = "vendor/unheard-of" };
        Should.Throw<UserError>(() => RouteOrder.Of(route, pools)).Message.ShouldContain("no time and energy profile of vendor/unheard-of");
        Should.Throw<UserError>(() => TrainedFiles.Read(Samples, ("default", "nobody"))).Message.ShouldContain("no ModelRoute nobody in namespace default");
    }

    [Fact]
    public void A_continuation_says_what_was_learned_from_what_or_what_is_missing()
    {
        ContinueRun.Describe(new(null, "998 outcomes of exploration are missing: 1000 are needed, there are 2", 2, 7))
            .ShouldBe(["unchanged: 998 outcomes of exploration are missing: 1000 are needed, there are 2."]);
        ContinueRun.Describe(new(null, "the outcomes do not speak for a correction of the policy by 7 to 1", 4_000, 12_000) { Noise = 0.52, Explained = 0.996, Seen = 0.01, Effect = (-0.002, 0.011), Evidence = 0.2, HeldOut = -0.1 })
            .ShouldBe([
                "noise   0.52 of quality over 20 s by outcome, after state and arrivals explained 99.6 % of the variance; from 4,000 explored and 12,000 others a mean effect is known within +-0.020",
                "learned what was tried is worth +0.009 on average beside the choice, the policy thought -0.002; evidence for a correction 0.2, on the newest quarter -0.1 (logs)",
                "unchanged: the outcomes do not speak for a correction of the policy by 7 to 1.",
            ]);
    }

    [Fact]
    public void The_bar_grows_with_the_work()
    {
        TrainProgress.Format(0, TimeSpan.Zero).ShouldBe($"[{new string('.', 40)}]   0 %  0 s");
        TrainProgress.Format(0.5, TimeSpan.FromSeconds(12)).ShouldBe($"[{new string('#', 20)}{new string('.', 20)}]  50 %  12 s");
    }
}
