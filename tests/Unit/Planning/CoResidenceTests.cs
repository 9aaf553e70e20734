using Ops.Api;
using Ops.Planning.Pools;

namespace Ops.Planning.Tests;

/// <summary>Pools whose models share the GPUs of another pool.</summary>
public sealed class CoResidenceTests
{
    [Fact]
    public void A_host_serves_its_guests_from_its_own_pods_and_each_guest_gets_a_service()
    {
        var (host, one, two) = (Host(), Guest("eight", 1, 40, 8001), Guest("fourteen", 2, 25, 8010, "--max-num-seqs", "64"));
        var plan = PoolPlanner.Plan(host, null, null, null, CoResidence.Of(host, null, [two, one]));
        var guest = PoolPlanner.Plan(one, null, null, null, CoResidence.Of(one, host, [two, one]));

        guest.Problem.ShouldBeNull();
        guest.Deployment.ShouldBeNull();
        Golden.ShouldMatch("pool-co-resident", plan.Deployment, plan.Service, guest.Service);
    }

    [Theory]
    [InlineData("host", "HostMissing", "ModelPool large does not exist")]
    [InlineData("memory", "InvalidSpec", "60 asked for, 45 left")]
    [InlineData("port", "PortConflict", "ports 8002 to 8003 meet those of ModelPool eight")]
    [InlineData("hostport", "PortConflict", "ports 8000 to 8001 meet those of ModelPool large")]
    [InlineData("gpus", "InvalidSpec", "3 NVIDIA-H100-80GB-HBM3 do not divide the 2")]
    [InlineData("engine", "InvalidHost", "only simulated engines")]
    [InlineData("scaling", "InvalidHost", "must be fixed")]
    [InlineData("chain", "InvalidHost", "name its host other")]
    [InlineData("left", "NameConflict", "Deployment guest is left")]
    public void What_cannot_run_together_is_refused_by_its_field(string wrong, string reason, string named)
    {
        var host = Host();
        var guest = Guest("guest", wrong == "gpus" ? 3 : 1, wrong == "memory" ? 60 : 40, wrong switch { "port" => 8002, "hostport" => 8000, _ => 8100 });
        host.Spec = wrong switch
        {
            "engine" => host.Spec with { Engine = new() },
            "scaling" => host.Spec with { Scaling = new() { Objective = "energy", Max = 2 } },
            "chain" => host.Spec with { CoResident = new() { Host = "other", MemoryPercent = 10 } },
            _ => host.Spec,
        };
        var shared = CoResidence.Of(guest, wrong == "host" ? null : host, [guest, Guest("eight", 1, 40, 8001)]);
        var plan = PoolPlanner.Plan(guest, wrong == "left" ? Fixtures.Deployment(guest, 1, 1) : null, null, null, shared);

        plan.Problem!.Reason.ShouldBe(reason);
        plan.Problem.Message.ShouldContain(named);
        plan.Service.ShouldBeNull();
        // What is refused is not in the host's pods either; what was there before it stays.
        var kept = CoResidence.Of(host, null, [guest, Guest("eight", 1, 40, 8001)]).Guests.Select(one => one.Metadata.Name);
        if (wrong is "memory" or "port" or "hostport" or "gpus")
            kept.ShouldBe(["eight"]);
    }

    [Fact]
    public void The_status_of_a_guest_counts_the_pods_of_its_host()
    {
        var (host, guest) = (Host(), Guest("eight", 1, 40, 8001));
        host.Spec = host.Spec with { Replicas = 3 };
        var status = PoolStatusPlanner.Plan(new()
        {
            Pool = guest,
            Host = host,
            Plan = PoolPlanner.Plan(guest, null, null, null, CoResidence.Of(guest, host, [guest])),
            Deployment = Fixtures.Deployment(host, 3, 2),
            Now = Fixtures.Now,
        });
        (status.Replicas, status.ReadyReplicas, status.Selector).ShouldBe((3, 2, "ops.autonomic.dev/pool=large"));
        status.Conditions!.Single(condition => condition.Type == "Ready").Message.ShouldBe("2 of 3 replicas ready");
    }

    private static ModelPool Host()
    {
        var host = Fixtures.Pool(gpus: 2);
        host.Metadata.Name = "large";
        host.Spec = host.Spec with { Model = "Qwen/Qwen3-32B" };
        return host;
    }

    private static ModelPool Guest(string name, int gpus, int percent, int port, params string[] args)
    {
        var guest = Fixtures.Pool(gpus: gpus);
        guest.Metadata.Name = name;
        guest.Spec = guest.Spec with
        {
            Engine = new() { Type = "simulated", Port = port, Args = args.Length > 0 ? args : null },
            CoResident = new() { Host = "large", MemoryPercent = percent },
        };
        return guest;
    }
}
