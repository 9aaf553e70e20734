using System.Globalization;
using Ops.Api;
using Ops.HealingScenario;

namespace Ops.Bench.Healing.Acv;

/// <summary>Level 1: one instruction each, given as a typed Remediation and approved, or read from the status of a goal.</summary>
internal sealed class AcvTasks(AcvWorld acv)
{
    private const string Container = "shop";
    private const string FirstImage = "ops.autonomic.dev/shop:0.1.0";

    private HealingWorld World => acv.World;

    /// <summary>The tasks, each graded by what is there afterwards.</summary>
    public IReadOnlyList<(string Name, Func<CancellationToken, Task<(bool, string)>> Run)> All =>
    [
        ("create a deployment", CreateAsync), ("set an environment variable", SetAsync), ("roll an image back", RollBackAsync), ("restart the pods", RestartAsync), ("scale to 3", ScaleAsync),
        ("report the processor's use", ReportCpuAsync), ("report the 99th percentile", ReportP99Async),
    ];

    private async Task<(bool, string)> CreateAsync(CancellationToken cancellation)
    {
        var (phase, reason) = await acv.TaskAsync(Action("CreateDeployment", "second-currency", ("image", FirstImage), ("args", "--service currency --listen $(POD_IP):8080"), ("replicas", "1")), cancellation);
        var answers = World.Pods("second-currency") is [{ Status.PodIP: { } address }] && (await acv.Http.GetAsync($"http://{address}:8080/healthz", cancellation)).IsSuccessStatusCode;
        var made = World.Deployment("second-currency")?.Status?.ReadyReplicas == 1;
        await acv.KubectlAsync(["delete", "deployment", "second-currency", "--ignore-not-found"], cancellation);
        return (made && answers, $"{phase} {reason}");
    }

    private async Task<(bool, string)> SetAsync(CancellationToken cancellation)
    {
        var (phase, reason) = await acv.TaskAsync(Action("SetEnvironment", AcvWorld.Service, ("container", Container), ("name", "SHOP_SEED"), ("value", "7")), cancellation);
        return (World.IsHealthy() && World.Pods(AcvWorld.Service).All(pod => pod.Spec.Containers[0].Env.Single(one => one.Name == "SHOP_SEED").Value == "7"), $"{phase} {reason}");
    }

    private async Task<(bool, string)> RollBackAsync(CancellationToken cancellation)
    {
        await acv.KubectlAsync(["set", "image", $"deployment/{AcvWorld.Service}", $"{Container}={HealingWorld.NextImage}"], cancellation);
        await World.UntilAsync("the next image runs", () => World.IsHealthy() && World.Pods(AcvWorld.Service) is { Count: 1 } pods && pods[0].Spec.Containers[0].Image == HealingWorld.NextImage, cancellation);
        var (phase, reason) = await acv.TaskAsync(Action("SetImage", AcvWorld.Service, ("container", Container), ("image", FirstImage)), cancellation);
        return (World.IsHealthy() && World.Pods(AcvWorld.Service).All(pod => pod.Spec.Containers[0].Image == FirstImage), $"{phase} {reason}");
    }

    private async Task<(bool, string)> RestartAsync(CancellationToken cancellation)
    {
        var before = World.Pods(AcvWorld.Service).Select(pod => pod.Metadata.Uid).ToHashSet();
        var (phase, reason) = await acv.TaskAsync(Action("RestartRollout", AcvWorld.Service, ("at", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))), cancellation);
        return (World.IsHealthy() && World.Pods(AcvWorld.Service).All(pod => !before.Contains(pod.Metadata.Uid)), $"{phase} {reason}");
    }

    private async Task<(bool, string)> ScaleAsync(CancellationToken cancellation)
    {
        var (phase, reason) = await acv.TaskAsync(Action("ScaleWorkload", AcvWorld.Service, ("replicas", "3")), cancellation);
        var three = World.Deployment(AcvWorld.Service)?.Status?.ReadyReplicas == 3;
        await acv.KubectlAsync(["scale", $"deployment/{AcvWorld.Service}", "--replicas=1"], cancellation);
        return (three, $"{phase} {reason}");
    }

    private Task<(bool, string)> ReportCpuAsync(CancellationToken cancellation) => AcvReports.CpuAsync(acv, AcvWorld.Service, cancellation);

    private Task<(bool, string)> ReportP99Async(CancellationToken cancellation) => AcvReports.P99Async(acv, AcvWorld.Service, cancellation);

    private static RemediationAction Action(string type, string name, params (string Key, string Value)[] parameters) =>
        new() { Type = type, Target = new() { Kind = "Deployment", Name = name }, Parameters = parameters.ToDictionary(pair => pair.Key, pair => pair.Value) };
}
