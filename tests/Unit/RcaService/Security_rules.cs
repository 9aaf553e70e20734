using Ops.Api;

namespace Ops.Rca.Service.Tests;

/// <summary>Workloads that do what they never did, told from faults and from releases.</summary>
public sealed class Security_rules
{
    private const int Learned = 300;

    [Fact]
    public void A_workload_that_calls_many_for_the_first_time_is_suspect()
    {
        var world = new World();
        world.Run(Learned);
        for (var i = 0; i < 5; i++)
            world.Strange.Add(("cart", $"10.0.0.{i}"));
        world.Run(2);

        var incident = world.Opened.ShouldHaveSingleItem();
        incident.Type.ShouldBe(IncidentTypes.Security);
        incident.Services.ShouldBe(["cart"]);
        incident.Suspicion!.ShouldContain("calls 10.0.0.0, 10.0.0.1, 10.0.0.2 and 2 more for the first time");
    }

    [Fact]
    public void A_miner_that_calls_home_is_suspect_by_two_signs_together()
    {
        var world = new World();
        world.Run(Learned);
        world.Strange.Add(("catalog", "pool.example.com"));
        world.Burns["catalog"] = 1;
        world.Run(6);

        var incident = world.Opened.ShouldHaveSingleItem();
        incident.Type.ShouldBe(IncidentTypes.Security);
        incident.Suspicion!.ShouldContain("pool.example.com");
        incident.Suspicion!.ShouldContain("without more requests");
    }

    [Fact]
    public void Who_sends_far_more_than_its_requests_explain_to_a_stranger_is_suspect()
    {
        var world = new World();
        world.Run(Learned);
        world.Strange.Add(("db", "paste.example.com"));
        world.Sends["db"] = 5e6;
        world.Run(6);

        world.Opened.ShouldHaveSingleItem().Suspicion!.ShouldSatisfyAllConditions(
            words => words.ShouldContain("paste.example.com"), words => words.ShouldContain("network_transmit_bytes"), words => words.ShouldContain("without more requests"));
    }

    [Fact]
    public void A_new_process_that_calls_a_stranger_is_suspect()
    {
        var world = new World();
        world.Run(Learned);
        world.Strange.Add(("store", "10.9.8.7"));
        world.Spawned["store"] = 3;
        world.Run(6);

        world.Opened.ShouldHaveSingleItem().Suspicion!.ShouldContain("processes");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Slow_services_lost_packets_a_surge_and_a_backup_are_no_suspicion(int seed)
    {
        var world = new World(seed);
        world.Run(Learned);
        world.Slower["db"] = 0.5;
        world.Lost[("web", "cart")] = 0.3;
        world.Run(30);
        world.Load = 4;
        world.Run(30);
        world.Sends["store"] = 5e6;
        world.Spawned["store"] = 4;
        world.Run(100);

        world.Opened.ShouldNotContain(incident => incident.Type == IncidentTypes.Security, world.Words);
    }

    [Fact]
    public void One_new_peer_or_a_busy_processor_alone_is_not()
    {
        var world = new World();
        world.Run(Learned);
        world.Strange.Add(("cart", "payments"));
        world.Burns["store"] = 1;
        world.Run(100);

        world.Opened.ShouldBeEmpty();
    }

    [Fact]
    public void A_suspicion_closes_when_nothing_new_was_seen_for_a_while()
    {
        var world = new World();
        world.Run(Learned);
        for (var i = 0; i < 5; i++)
            world.Strange.Add(("cart", $"10.0.0.{i}"));
        world.Run(10);

        world.Run(200).ShouldHaveSingleItem().Resolved.ShouldNotBeNull();
    }
}
