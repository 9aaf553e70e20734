using Ops.Api;
using Ops.Dashboard.Health;

namespace Ops.Dashboard.Tests;

/// <summary>What a plan looks like, and whether its audit can be believed.</summary>
public sealed class Plan_rules
{
    [Fact]
    public void An_audit_is_whole_until_an_entry_is_altered_or_left_out()
    {
        var audit = Chain("Proposed", "Checked", "Approved", "Wrote");
        AuditChain.FirstBroken(audit).ShouldBeNull();

        AuditChain.FirstBroken([audit[0], audit[1] with { Detail = "another" }, audit[2], audit[3]]).ShouldBe(2);
        AuditChain.FirstBroken([audit[0], audit[2], audit[3]]).ShouldBe(2);
        AuditChain.FirstBroken([audit[0], audit[1], audit[2] with { Time = Objects.Noon.AddHours(1) }, audit[3]]).ShouldBe(3);
    }

    [Fact]
    public void The_hash_is_the_documented_one() =>
        // printf '\n2026-03-04T12:00:00Z\nProposed\nProposed it' | sha256sum
        AuditChain.Hash(null, new() { Time = Objects.Noon, Event = "Proposed", Detail = "Proposed it" })
            .ShouldBe("134eee6fe9337f9bb800eb9c638bf3fd5466cfb005e8beb1a12085501205d3b6");

    [Fact]
    public void A_plan_is_named_by_its_first_action()
    {
        RemediationAction Restart(string name) => new() { Type = "RestartWorkload", Target = new() { Kind = "Deployment", Name = name } };
        PlanText.Of(new() { Spec = new() { Actions = [Restart("web")] } }).ShouldBe("RestartWorkload Deployment/web");
        PlanText.Of(new() { Spec = new() { Actions = [Restart("web"), Restart("cart"), Restart("db")] } }).ShouldBe("RestartWorkload Deployment/web and 2 more");
    }

    [Fact]
    public void A_plan_that_waits_for_a_person_and_its_incident_say_so()
    {
        var plan = new Remediation
        {
            Metadata = new() { Name = "i1-1", NamespaceProperty = "shop", CreationTimestamp = Objects.Noon },
            Spec = new() { Incident = "i1", Cause = "CpuHog", Rationale = "catalog loops", Actions = [new() { Type = "RestartWorkload", Target = new() { Kind = "Deployment", Name = "catalog" } }] },
            Status = new() { Phase = RemediationPhases.AwaitingApproval, Reason = "The policy asks for a person.", PlanHash = "ab" },
        };
        var cluster = Objects.Cluster(incidents: [Objects.Incident("i1", IncidentPhases.Open)]) with { Remediations = [plan] };

        var rows = Attention.Of(cluster);

        rows.Single(row => row.Kind == "Plan").Doing.ShouldBe("Waits for a person.");
        rows.Single(row => row.Kind == "Incident").Doing.ShouldBe("RestartWorkload Deployment/catalog: awaiting approval. The policy asks for a person.");
    }

    private static AuditEntry[] Chain(params string[] events)
    {
        var chain = new List<AuditEntry>();
        foreach (var name in events)
        {
            var entry = new AuditEntry { Time = Objects.Noon.AddSeconds(chain.Count), Event = name, Detail = name + " it" };
            chain.Add(entry with { Hash = AuditChain.Hash(chain.Count == 0 ? null : chain[^1].Hash, entry) });
        }

        return [.. chain];
    }
}
