using System.Diagnostics;
using System.Text.Json.Nodes;
using Ops.Testing;

namespace Ops.RealCluster.Tests;

/// <summary>A newer version of the manifests is applied over an older one while pools and routes are in use.</summary>
public sealed class UpgradeTests(RealCluster cluster) : IAsyncLifetime
{
    private static readonly string[] Installed = ["manifests/deploy", "manifests/crds", "manifests/rbac"];

    private readonly string _folder = Directory.CreateTempSubdirectory("ops-upgrade-").FullName;

    [Fact]
    public async Task Applying_the_current_manifests_over_the_previous_ones_keeps_every_object_and_every_status()
    {
        // Asking for the shared cluster skips the test where there is no control plane.
        _ = cluster.Plane;
        var cancellation = TestContext.Current.CancellationToken;
        var previous = await ExtractPreviousManifestsAsync();

        await using var plane = await RealControlPlane.StartAsync(new ControlPlaneOptions { ControllerManager = true, Scheduler = true }, cancellation);
        await using var node = await FakeNode.StartAsync(plane, "fake-gpu", "NVIDIA-H100-80GB-HBM3", pods: 50, cancellation);
        using var installation = await Installation.InstallAsync(plane, cancellation, previous);
        await using (await StartOperatorAsync(installation))
        {
            await KubectlAsync(installation, ["apply", "--validate=false", "-f", "-"], Yaml.Pool("kept", replicas: 2));
            await KubectlAsync(installation, ["apply", "--validate=false", "-f", "-"], Yaml.Route("kept", "kept"));
            await KubectlAsync(installation, ["wait", "--for=condition=Ready", "mp/kept", "mr/kept", "--timeout=90s"]);
        }

        // The operator has stopped, so nothing moves between this picture and the upgrade.
        var (everything, states) = (await EverythingAsync(installation), await StatesAsync(installation));
        states.ShouldAllBe(state => state["status"]!["observedGeneration"] != null);

        await KubectlAsync(installation, ["apply", "--validate=false", "-k", Path.Combine(Repository.Root, "manifests", "deploy")]);
        await KubectlAsync(installation, ["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
        ExpectKept(states, await StatesAsync(installation), "the new manifests change no spec and no status");

        await using var next = await StartOperatorAsync(installation);
        await Eventually.HoldsAsync(
            async () => (await next.MetricsAsync(cancellation)).Split('\n').Contains("ops_operator_leader 1"),
            "the operator leads after the upgrade");
        // A change that the upgraded operator has to carry out shows that it has looked at the pools.
        await KubectlAsync(installation, ["apply", "--validate=false", "-f", "-"], Yaml.Pool("new"));
        await KubectlAsync(installation, ["wait", "--for=condition=Ready", "mp/new", "mp/kept", "mr/kept", "--timeout=90s"]);

        ExpectKept(states, await StatesAsync(installation), "the operator finds everything as it left it");
        var after = await EverythingAsync(installation);
        everything.Where(item => after.GetValueOrDefault(item.Key) != item.Value).ShouldBeEmpty("objects that are gone, or were made anew");
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static Task<InstalledProcess> StartOperatorAsync(Installation installation) =>
        installation.StartAsync("Ops.Operator", "operator", ["--namespace", Installation.SystemNamespace], TestContext.Current.CancellationToken);

    private static async Task<string> KubectlAsync(Installation installation, string[] arguments, string? input = null) =>
        (await installation.Kubectl.RunAsync(arguments, TestContext.Current.CancellationToken, input)).OrThrow().Output;

    // Spec and status of everything that belongs to the pool and the route, without what a mere read may change.
    private static async Task<IReadOnlyList<JsonNode>> StatesAsync(Installation installation)
    {
        var list = JsonNode.Parse(await KubectlAsync(installation, ["get", "mp/kept", "mr/kept", "deployment/kept", "-o", "json"]))!;
        return [.. list["items"]!.AsArray().Select(item => new JsonObject
        {
            ["kind"] = item!["kind"]!.DeepClone(),
            ["uid"] = item["metadata"]!["uid"]!.DeepClone(),
            ["spec"] = item["spec"]!.DeepClone(),
            ["status"] = item["status"]!.DeepClone(),
        })];
    }

    // A new field of the schema brings its default with it; everything that was there before stays as it was.
    private static void ExpectKept(IReadOnlyList<JsonNode> before, IReadOnlyList<JsonNode> after, string sentence)
    {
        after.Count.ShouldBe(before.Count, sentence);
        foreach (var (was, isNow) in before.Zip(after))
            Keeps(was, isNow).ShouldBeTrue($"{sentence}:\n{was.ToJsonString()}\n{isNow.ToJsonString()}");
    }

    private static bool Keeps(JsonNode? was, JsonNode? isNow) => (was, isNow) switch
    {
        (JsonObject old, JsonObject present) => old.All(field => present.ContainsKey(field.Key) && Keeps(field.Value, present[field.Key])),
        (JsonArray old, JsonArray present) => old.Count == present.Count && old.Zip(present).All(pair => Keeps(pair.First, pair.Second)),
        _ => JsonNode.DeepEquals(was, isNow),
    };

    // uid by kind, namespace and name of every object of the cluster. Events come and go by themselves, and so do the
    // API server's own flow schemas while it starts.
    private static async Task<Dictionary<string, string>> EverythingAsync(Installation installation)
    {
        var kinds = (await KubectlAsync(installation, ["api-resources", "--verbs=list", "-o", "name"]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(kind => !kind.StartsWith("events", StringComparison.Ordinal) && !kind.EndsWith("flowcontrol.apiserver.k8s.io", StringComparison.Ordinal) && kind != "componentstatuses");
        var list = JsonNode.Parse(await KubectlAsync(installation, ["get", string.Join(',', kinds), "-A", "-o", "json"]))!;
        return list["items"]!.AsArray().ToDictionary(
            item => $"{item!["apiVersion"]} {item["kind"]} {item["metadata"]!["namespace"]}/{item["metadata"]!["name"]}",
            item => item!["metadata"]!["uid"]!.GetValue<string>());
    }

    // The newest committed state of what gets installed that is not the present one: between commits that touch no
    // manifests, the last commit would be no upgrade at all.
    private async Task<string> ExtractPreviousManifestsAsync()
    {
        var (found, commits) = await GitAsync(["log", "--format=%H", "--", .. Installed]);
        Assert.SkipWhen(!found, "git or the history of this checkout is not there, so there are no previous manifests");
        foreach (var commit in commits.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var (same, _) = await GitAsync(["diff", "--quiet", commit, "--", .. Installed]);
            if (same)
                continue;
            var archive = Path.Combine(_folder, "manifests.zip");
            (await GitAsync(["archive", "--format=zip", $"--output={archive}", commit, "manifests"])).Success.ShouldBeTrue();
            await System.IO.Compression.ZipFile.ExtractToDirectoryAsync(archive, _folder, TestContext.Current.CancellationToken);
            TestContext.Current.SendDiagnosticMessage($"upgrading from the manifests of {commit}");
            return Path.Combine(_folder, "manifests");
        }

        Assert.Skip("the history of this checkout holds no other manifests (a shallow clone?)");
        return "";
    }

    private static async Task<(bool Success, string Output)> GitAsync(string[] arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", Repository.Root, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, error) = (git.StandardOutput.ReadToEndAsync(), git.StandardError.ReadToEndAsync());
            await git.WaitForExitAsync(TestContext.Current.CancellationToken);
            await error;
            return (git.ExitCode == 0, await output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (false, "");
        }
    }
}
