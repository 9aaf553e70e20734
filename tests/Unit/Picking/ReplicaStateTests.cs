using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

public sealed class ReplicaStateTests
{
    [Fact]
    public void Outstanding_adds_what_was_sent_since_the_scrape()
    {
        var replica = Replica("a", running: 7, waiting: 2, own: 3);
        replica.Load.Enter();
        replica.Load.Enter();

        replica.Outstanding(Now).ShouldBe(11);
    }

    [Fact]
    public void Outstanding_subtracts_what_finished_since_the_scrape()
    {
        var replica = Replica("a", running: 7, own: 3);
        replica.Load.Leave();

        replica.Outstanding(Now).ShouldBe(6);
    }

    [Fact]
    public void Metrics_older_than_five_seconds_give_way_to_own_counts()
    {
        var replica = Replica("a", running: 70, own: 3, observedAt: Now - ReplicaState.StaleAfterMs);

        replica.Outstanding(Now).ShouldBe(70);
        replica.Outstanding(Now + 1).ShouldBe(3);
    }

    [Fact]
    public void A_replica_that_was_never_scraped_counts_only_own_requests() =>
        Replica("a", running: 70, own: 4, observedAt: null).Outstanding(Now).ShouldBe(4);

    [Fact]
    public void A_suspect_replica_is_trusted_again_when_the_time_is_over_or_it_answers()
    {
        var load = new ReplicaLoad();
        load.Suspect(Now + 10);
        load.IsSuspect(Now).ShouldBeTrue();
        load.IsSuspect(Now + 10).ShouldBeFalse();
        load.Trust();
        load.IsSuspect(Now).ShouldBeFalse();
    }
}
