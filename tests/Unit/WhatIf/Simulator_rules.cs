using System.Collections.Immutable;
using Ops.Api;
using Ops.Learning;

namespace Ops.WhatIf;

/// <summary>What a simulated answer has to say about the sample fleet.</summary>
public sealed class Simulator_rules
{
    private static readonly ImmutableArray<ModelPool> Pools =
    [
        Pool("small", "meta-llama/Llama-3.1-8B-Instruct", gpus: 1, ready: 2),
        Pool("large", "Qwen/Qwen3-32B", gpus: 2, ready: 1),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void A_question_that_changes_nothing_is_answered_with_the_same_figures()
    {
        var answer = Simulator.Ask(Ask(rate: 4), Cancellation);

        (answer.Then with { Shares = answer.Now.Shares }).ShouldBe(answer.Now);
        answer.Then.Shares.ShouldBe(answer.Now.Shares);
        answer.Now.Gpus.ShouldBe(4);
        answer.Now.Policy.ShouldBe("price");
    }

    [Fact]
    public void More_load_than_the_fleet_can_serve_costs_performance()
    {
        var capacity = 2 * Simulator.HalfLoad(Route(), Pools);
        var answer = Simulator.Ask(Ask(capacity * 0.4) with { LoadFactor = 4 }, Cancellation);

        answer.Then.RequestsPerSecond.ShouldBe(4 * answer.Now.RequestsPerSecond, 1e-9);
        answer.Then.Performance.ShouldBeLessThan(answer.Now.Performance);
        answer.Then.Quality.ShouldBeLessThan(answer.Now.Quality, "cheaper variants take more");
        answer.Then.Watts.ShouldBeGreaterThan(answer.Now.Watts);
    }

    [Fact]
    public void A_guest_lies_on_its_hosts_GPUs()
    {
        var guest = Pool("small", "Qwen/Qwen3-8B", gpus: 1, ready: 1);
        guest.Spec = guest.Spec with { CoResident = new() { Host = "large", MemoryPercent = 40 } };
        var host = Pool("large", "Qwen/Qwen3-32B", gpus: 2, ready: 2);

        var fleet = RouteFleet.Of(Route(), [guest, host], PoolSize.Observed);

        fleet.GpuCount.ShouldBe(4);
        fleet.Validate();
        var (small, large) = (fleet.Pools.Single(pool => pool.Name == "small"), fleet.Pools.Single(pool => pool.Name == "large"));
        large.Placement.Select(gpus => string.Join(' ', gpus)).ShouldBe(["0 1", "2 3"]);
        small.Placement.Select(gpus => string.Join(' ', gpus)).ShouldBe(["0", "1", "2", "3"]);
        (small.CacheTokens, large.CacheTokens).ShouldBe((small.Profile.KvTokens(0.4), large.Profile.KvTokens(0.5)));

        guest.Spec = guest.Spec with { CoResident = new() { Host = "large", MemoryPercent = 20 } };
        Should.Throw<InvalidFleetException>(() => RouteFleet.Of(Route(), [guest, host], PoolSize.Observed)).Message.ShouldContain("memoryPercent");
    }

    [Fact]
    public void Without_the_large_pool_all_answers_come_from_the_small_one()
    {
        var answer = Simulator.Ask(Ask(rate: 2) with { Replicas = ImmutableDictionary<string, int>.Empty.Add("large", 0) }, Cancellation);

        answer.Then.Shares.ShouldBe([("small", 1), ("large", 0)]);
        answer.Then.Gpus.ShouldBe(2);
        answer.Then.Quality.ShouldBe(0.6, 1e-9);
        answer.Now.Quality.ShouldBeGreaterThan(0.8);
    }

    [Fact]
    public void With_a_weight_of_energy_the_price_rule_chooses_and_answers_cost_less()
    {
        var answer = Simulator.Ask(Ask(rate: 4) with { EnergyWeight = 0.0005 }, Cancellation);

        answer.Then.Policy.ShouldBe("price");
        answer.Then.JoulesPerGood!.Value.ShouldBeLessThan(answer.Now.JoulesPerGood!.Value);
    }

    [Fact]
    public void What_cannot_be_asked_is_refused_in_one_sentence()
    {
        var none = ImmutableDictionary<string, int>.Empty;
        Refusal(Ask(4) with { LoadFactor = 9 }).ShouldContain("load factor must be 0.25 to 8");
        Refusal(Ask(4) with { Replicas = none.Add("small", 65) }).ShouldContain("Replicas of small must be 0 to 64");
        Refusal(Ask(4) with { Replicas = none.Add("nobody", 1) }).ShouldContain("no variant nobody");
        Refusal(Ask(4) with { Replicas = none.Add("small", 0).Add("large", 0) }).ShouldContain("No replica is left");
        Refusal(Ask(4) with { Pools = [Pools[0]] }).ShouldContain("names ModelPool large, which does not exist");
    }

    [Fact]
    public void A_question_that_nobody_asks_any_more_is_not_answered()
    {
        using var asked = new CancellationTokenSource();
        asked.Cancel();
        Should.Throw<OperationCanceledException>(() => Simulator.Ask(Ask(4), asked.Token));
    }

    private static string Refusal(Question question) => Should.Throw<InvalidFleetException>(() => Simulator.Ask(question, Cancellation)).Message;

    private static Question Ask(double rate) => new() { Route = Route(), Pools = Pools, Load = new(rate, 400, 150) };

    private static ModelRoute Route() => new()
    {
        Metadata = new() { Name = "chat", NamespaceProperty = "default" },
        Spec = new() { Variants = [Variant("small", 0.6), Variant("large", 0.9)] },
    };

    private static VariantSpec Variant(string pool, double quality) => new() { Pool = pool, Quality = new Dictionary<string, double> { ["default"] = quality } };

    private static ModelPool Pool(string name, string model, int gpus, int ready) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "default" },
        Spec = new() { Model = model, Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3", Count = gpus }, Replicas = ready },
        Status = new() { ReadyReplicas = ready },
    };
}
