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
    public void The_bar_grows_with_the_work()
    {
        TrainProgress.Format(0, TimeSpan.Zero).ShouldBe($"[{new string('.', 40)}]   0 %  0 s");
        TrainProgress.Format(0.5, TimeSpan.FromSeconds(12)).ShouldBe($"[{new string('#', 20)}{new string('.', 20)}]  50 %  12 s");
    }
}
