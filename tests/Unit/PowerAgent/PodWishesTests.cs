using k8s.Models;
using Ops.Api;

namespace Ops.PowerAgent.Tests;

public sealed class PodWishesTests
{
    [Fact]
    public void The_plan_goes_before_the_spec_and_pods_without_a_pool_are_left_out()
    {
        var pool = Pool(EngineTypes.Vllm, new() { ClockMHz = 1500 });

        Wish(pool).ShouldBe(new PowerWish(1500, null));
        pool.Status = new() { Plan = new() { ClockMHz = 1200, PowerLimitWatts = 400 } };
        Wish(pool).ShouldBe(new PowerWish(1200, 400));
        PodWishes.Of([Pod("p"), Pod("other", pool: null), Pod("gone", pool: "deleted")], (_, name) => name == "llama" ? pool : null).Select(pod => pod.Name).ShouldBe(["default/p"]);

        static PowerWish Wish(ModelPool pool) => PodWishes.Of([Pod("p")], (_, _) => pool).ShouldHaveSingleItem().Wish;
    }

    [Fact]
    public void Only_a_running_pod_with_an_address_has_simulated_GPUs()
    {
        var pool = Pool(EngineTypes.Simulated, null);

        PodWishes.Of([Pod("p", ip: "127.64.0.9")], (_, _) => pool).ShouldHaveSingleItem().SimulatedAt.ShouldBe(new Uri("http://127.64.0.9:8000/simulated/power"));
        PodWishes.Of([Pod("p", ip: "evil.example")], (_, _) => pool).ShouldBeEmpty();
        PodWishes.Of([Pod("p", phase: "Pending")], (_, _) => pool).ShouldBeEmpty();
    }

    private static ModelPool Pool(string engine, EnergySpec? energy) => new()
    {
        Metadata = new() { Name = "llama", NamespaceProperty = "default" },
        Spec = new() { Model = "m", Engine = new() { Type = engine, Port = 8000 }, Gpu = new() { Product = "H100" }, Energy = energy },
    };

    private static V1Pod Pod(string name, string? pool = "llama", string ip = "127.64.0.9", string phase = "Running") => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default", Labels = pool is null ? null : new Dictionary<string, string> { [Labels.Pool] = pool } },
        Status = new() { Phase = phase, PodIP = ip },
    };
}
