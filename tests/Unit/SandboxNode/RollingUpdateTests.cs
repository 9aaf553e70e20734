using CsCheck;
using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Workloads;

namespace Ops.SandboxNode.Tests;

/// <summary>Rollouts over random templates, sizes, bounds and readiness, with the planners alone.</summary>
public sealed class RollingUpdateTests
{
    private static readonly Gen<(int Replicas, int Surge, int Down, int Seed)> Cases =
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, int.MaxValue]);

    [Fact]
    public void A_rollout_never_has_fewer_available_or_more_pods_than_its_bounds_and_always_ends() => Cases.Sample(
        one =>
        {
            var cluster = new PlannedCluster(one.Replicas, one.Surge, one.Down, new Random(one.Seed));
            cluster.RunUntilComplete();
            var bounds = RolloutBounds.Of(cluster.Deployment.Spec);
            for (var round = 0; round < 3; round++)
            {
                cluster.ChangeTemplate($"v{round + 2}");
                // A change in the middle of a rollout leaves three templates side by side.
                if (round == 1)
                    cluster.Step();
                cluster.AfterEachStep = () =>
                {
                    cluster.Available.ShouldBeGreaterThanOrEqualTo(one.Replicas - bounds.MaxUnavailable);
                    cluster.Living.ShouldBeLessThanOrEqualTo(one.Replicas + bounds.MaxSurge);
                };
                cluster.RunUntilComplete();
            }
            cluster.Deployment.Metadata.Annotations[DeploymentAnnotations.Revision].ShouldBe("4");
            cluster.Plan().Writes.ShouldBeEmpty("a finished rollout writes nothing");
        },
        iter: 150, threads: 1);

    [Fact]
    public void A_broken_template_leaves_the_minimum_running_and_is_reported_after_its_deadline()
    {
        var cluster = new PlannedCluster(4, 1, 1, new Random(7));
        cluster.Deployment.Spec.ProgressDeadlineSeconds = 60;
        cluster.RunUntilComplete();
        cluster.ChangeTemplate("broken", neverReady: true);

        for (var step = 0; step < 200; step++)
            cluster.Step();

        cluster.Available.ShouldBe(3);
        var progressing = cluster.Deployment.Status.Conditions.Single(condition => condition.Type == "Progressing");
        (progressing.Status, progressing.Reason).ShouldBe(("False", "ProgressDeadlineExceeded"));
        progressing.Message.ShouldMatch("^ReplicaSet \"web-[a-z0-9]+\" has timed out progressing\\.$");

        cluster.ChangeTemplate("v1");
        cluster.RunUntilComplete();
        cluster.Available.ShouldBe(4);
    }

    [Fact]
    public void A_paused_deployment_scales_but_does_not_roll()
    {
        var cluster = new PlannedCluster(3, 1, 1, new Random(1));
        cluster.RunUntilComplete();
        cluster.Deployment.Spec.Paused = true;
        cluster.ChangeTemplate("v2");
        cluster.Deployment.Spec.Replicas = 5;
        for (var step = 0; step < 40; step++)
            cluster.Step();

        cluster.Sets.Count.ShouldBe(1);
        cluster.Available.ShouldBe(5);
        cluster.Deployment.Status.Conditions.Single(condition => condition.Type == "Progressing").Reason.ShouldBe("DeploymentPaused");
    }

    [Fact]
    public void Sizes_beyond_the_history_limit_are_dropped_oldest_first()
    {
        var cluster = new PlannedCluster(1, 1, 0, new Random(3));
        cluster.Deployment.Spec.RevisionHistoryLimit = 2;
        cluster.RunUntilComplete();
        for (var version = 2; version <= 6; version++)
        {
            cluster.ChangeTemplate($"v{version}");
            cluster.RunUntilComplete();
        }
        for (var step = 0; step < 20; step++)
            cluster.Step();

        cluster.Sets.Select(DeploymentAnnotations.RevisionOf).Order().ShouldBe([4, 5, 6]);
    }

    [Theory]
    [InlineData(10, "25%", "25%", 3, 2)]
    [InlineData(2, "25%", "25%", 1, 0)]
    [InlineData(1, "0", "0", 0, 1)]
    [InlineData(4, "100%", "0", 4, 0)]
    [InlineData(3, "0", "9", 0, 3)]
    public void Percentages_round_surge_up_and_unavailability_down(int replicas, string surge, string down, int expectedSurge, int expectedDown) =>
        RolloutBounds.Of(new V1DeploymentSpec
        {
            Replicas = replicas,
            Strategy = new V1DeploymentStrategy { RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = surge, MaxUnavailable = down } },
        }).ShouldBe(new RolloutBounds(expectedSurge, expectedDown));
}
