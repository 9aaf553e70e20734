using System.Net;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Kube;
using Ops.Operator.Healing;

namespace Ops.Operator.Tests;

/// <summary>Goals over pages that a process really serves, with a clock that a test moves.</summary>
public sealed class GoalWatchTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly MetricsReader metrics = new();
    private readonly HealingPolicy policy = new()
    {
        Metadata = new() { Name = "shop", NamespaceProperty = "shop", Uid = "p" },
        Spec = new() { Goals = [new() { Name = "calm", Type = GoalTypes.Cpu, Targets = ["web"], PercentOfLimit = 50, Settle = "4s" }] },
    };

    private WebApplication app = null!;
    private string kind = GoalKinds.Deployment;
    private double cpuSeconds;
    private bool isSilent;
    private int judged;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.MapGet("/numbers", () => isSilent ? Results.StatusCode(500) : Results.Text(FormattableString.Invariant($"process_cpu_seconds_total {cpuSeconds}\n")));
        await app.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        metrics.Dispose();
        await app.DisposeAsync();
    }

    [Theory]
    [InlineData(GoalKinds.Deployment)]
    [InlineData(GoalKinds.StatefulSet)]
    public async Task A_goal_follows_what_the_pods_say_and_is_unknown_while_they_are_silent(string of)
    {
        kind = of;
        policy.Spec = policy.Spec with { Goals = [policy.Spec.Goals![0] with { Kind = kind }] };
        var watch = Watch([policy]);
        for (var i = 0; i < 3; i++)
            await RoundAsync(watch, cores: 0.1);
        var goal = watch.Judged.ShouldHaveSingleItem();
        (goal.State, goal.Shown!.Value, goal.Shown.Limit).ShouldBe((GoalStates.Met, "20%", "50%"), goal.Reason);

        // Half a core of half a core, and the window of 15 s has only that.
        for (var i = 0; i < 12; i++)
            await RoundAsync(watch, cores: 0.5);
        watch.Judged[0].Shown!.Value.ShouldBe("100%");
        watch.Judged[0].State.ShouldBe(GoalStates.Violated, watch.Judged[0].Reason);

        isSilent = true;
        for (var i = 0; i < 5; i++)
            await RoundAsync(watch, cores: 0.5);
        watch.Judged[0].State.ShouldBe(GoalStates.Unknown, watch.Judged[0].Reason);
        judged.ShouldBe(20);
    }

    [Fact]
    public async Task A_policy_without_goals_or_with_a_broken_one_reads_nothing()
    {
        var watch = Watch([new() { Metadata = policy.Metadata, Spec = new() { Goals = [policy.Spec.Goals![0] with { PercentOfLimit = null }] } }]);
        await RoundAsync(watch, cores: 1);
        (watch.Judged.Count, judged).ShouldBe((0, 0));
    }

    private async Task RoundAsync(GoalWatch watch, double cores)
    {
        time.Advance(TimeSpan.FromSeconds(2));
        cpuSeconds += 2 * cores;
        await watch.LookAsync(Cancellation);
    }

    private GoalWatch Watch(IReadOnlyList<HealingPolicy> policies) => new(metrics, () => policies, (_, now) => Look(now), () => judged++, time, NullLogger<GoalWatch>.Instance);

    private NamespaceSnapshot Look(DateTimeOffset now)
    {
        static V1OwnerReference Owner(string kind, string uid) => new() { Kind = kind, Name = uid, Uid = uid, Controller = true };
        var port = new Uri(app.Urls.Single()).Port;
        var template = new V1PodTemplateSpec { Spec = new() { Containers = [new() { Name = "c", Resources = new() { Limits = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("500m") } } }] } };
        return new()
        {
            Namespace = "shop",
            Now = now,
            Deployments = kind == GoalKinds.Deployment ? [new() { Metadata = new() { Name = "web", Uid = "web" }, Spec = new() { Replicas = 1, Template = template } }] : [],
            StatefulSets = kind == GoalKinds.StatefulSet ? [new() { Metadata = new() { Name = "web", Uid = "web" }, Spec = new() { Replicas = 1, Template = template } }] : [],
            ReplicaSets = [new() { Metadata = new() { Name = "web-1", Uid = "web-1", OwnerReferences = [Owner(V1Deployment.KubeKind, "web")] } }],
            Pods =
            [
                new()
                {
                    Metadata = new()
                    {
                        Name = "web-1-a", OwnerReferences = [kind == GoalKinds.Deployment ? Owner(V1ReplicaSet.KubeKind, "web-1") : Owner(V1StatefulSet.KubeKind, "web")],
                        Annotations = new Dictionary<string, string> { ["prometheus.io/scrape"] = "true", ["prometheus.io/port"] = $"{port}", ["prometheus.io/path"] = "/numbers" },
                    },
                    Spec = template.Spec,
                    Status = new() { PodIP = "127.0.0.1", Phase = "Running" },
                },
            ],
        };
    }
}
