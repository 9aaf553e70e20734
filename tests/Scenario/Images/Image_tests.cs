using k8s.Models;
using Ops.Testing;

namespace Ops.Images.Tests;

/// <summary>The images that dotnet publish /t:PublishContainer makes are what the pods ask for, and run as the pods run them.</summary>
public sealed class Image_tests(ImageSet images)
{
    private const UnixFileMode OthersWrite = UnixFileMode.OtherWrite | UnixFileMode.SetUser | UnixFileMode.SetGroup;

    public static TheoryData<string> Projects => [.. Pods.ByProject.Keys];

    // To run one as root on this machine is not a test's to do.
    public static TheoryData<string> Unprivileged => [.. Pods.ByProject.Keys.Where(project => project != Pods.PowerAgent)];

    [Fact]
    public void Every_image_that_the_manifests_deploy_is_one_of_these()
    {
        var deployed = new[] { "deploy", "power-agent" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, "manifests", folder), "*.yaml"))
            .SelectMany(File.ReadLines).Select(line => line.Trim()).Where(line => line.StartsWith("image:", StringComparison.Ordinal))
            .Select(line => line["image:".Length..].Trim());

        deployed.Distinct().Except(Pods.ByProject.Keys.Select(project => images[project].Name)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Name_user_ports_and_entry_point_are_what_the_pod_asks_for(string project)
    {
        var (image, pod) = (images[project], Pods.ByProject[project]());
        var container = pod.Containers.Single();

        image.Name.ShouldBe(container.Image);
        // Only the power agent's pod asks for another user than the image's, and says so.
        if (project == Pods.PowerAgent)
            container.SecurityContext.RunAsUser.ShouldBe(0);
        else
            ((string?)image.Config["User"]).ShouldBe($"{pod.SecurityContext.RunAsUser}");
        // The image's default port is the base's; what matters is that the pod's is among them.
        image.Config["ExposedPorts"]!.AsObject().Select(port => port.Key).ShouldContain($"{Port(container)}/tcp");
        // args of a pod replace an image's Cmd and follow its Entrypoint; the base has no shell to run either.
        image.List("Entrypoint").ShouldBe(["dotnet", $"/app/{Path.GetFileNameWithoutExtension(project)}.dll"]);
        image.List("Env").ShouldContain("DOTNET_EnableDiagnostics=0");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Its_files_lie_in_one_folder_and_every_user_may_read_and_none_may_change_them(string project)
    {
        var image = images[project];

        image.Files.Count.ShouldBeGreaterThan(5);
        image.Files.Where(file => file.Path != "/app" && !file.Path.StartsWith("/app/", StringComparison.Ordinal)).ShouldBeEmpty();
        image.Files.Where(file => !file.Mode.HasFlag(UnixFileMode.OtherRead) || (file.Mode & OthersWrite) != UnixFileMode.None).ShouldBeEmpty();
        image.Files.Where(file => file.Path.EndsWith(".json", StringComparison.Ordinal)).ShouldContain(file => file.Path.EndsWith(".runtimeconfig.json", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public async Task Its_base_is_chiseled(string project) =>
        (await PublishedImage.PropertyAsync(project, "ComputeContainerBaseImage", "ContainerBaseImage", TestContext.Current.CancellationToken))
            .ShouldBe("mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled");

    [Theory]
    [MemberData(nameof(Unprivileged))]
    public async Task It_runs_as_its_pod_does_and_writes_nothing(string project)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var missing = await ReadOnlyRoot.WhyNotAsync(ReadOnlyRoot.Dotnet, cancellation) ?? Kubectl.WhyMissing();
        Assert.SkipWhen(missing is not null, missing ?? "");
        await ApplyAsync("production");
        var (image, pod) = (images[project], Pods.ByProject[project]());
        // A loopback address of its own stands for the pod's, so that the pod's own port number is free on it.
        var pods = $"127.120.{Environment.ProcessId / 250 % 250}.{1 + (Environment.ProcessId % 250)}";
        var container = pod.Containers.Single();
        var account = pod.AutomountServiceAccountToken == false ? "" : await images.AccountAsync(pod.ServiceAccountName, cancellation);

        var (file, arguments) = ReadOnlyRoot.Command(
            account,
            (string)image.Config["User"]!,
            [.. image.List("Env"), .. KubeletEnvironment(), .. container.Env.Select(variable => $"{variable.Name}={Value(variable, pods)}")],
            [ReadOnlyRoot.Dotnet, .. image.List("Entrypoint").Skip(1).Select(path => image.Root + path), .. container.Args.Select(argument => Expanded(argument, pods))]);
        await using var process = ChildProcess.Start(file, arguments, Path.Combine(images.Folder("logs"), Path.GetFileName(project)));

        foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe })
            await ExpectAnswerAsync(process, new Uri($"http://{pods}:{Port(container)}{probe.HttpGet.Path}"));
        await process.SignalAsync("TERM");
        using var grace = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        grace.CancelAfter(TimeSpan.FromSeconds(pod.TerminationGracePeriodSeconds!.Value));
        await process.WaitForExitAsync(grace.Token);
    }

    [Fact]
    public async Task The_production_folder_applies_with_its_budgets_policies_and_replicas()
    {
        Assert.SkipWhen(Kubectl.WhyMissing() is not null, Kubectl.WhyMissing() ?? "");
        await ApplyAsync("deploy");
        await ApplyAsync("production");

        (await GetAsync("deployment", "{.items[*].spec.replicas}")).ShouldBe("1 2 2 2");
        (await GetAsync("poddisruptionbudget", "{.items[*].metadata.name}")).ShouldBe("dashboard operator rca router");
        (await GetAsync("networkpolicy", "{.items[*].metadata.name}")).ShouldBe("dashboard default-deny default-deny-egress egress operator rca rca-egress router router-decisions");
    }

    // What is asked for beside it, such as a router's choices, is for the cluster's own pods.
    private static int Port(V1Container container) => container.Ports.Single(port => port.Name == "http").ContainerPort;

    private async Task<string> GetAsync(string kind, string path) =>
        (await images.Kubectl.RunAsync(["-n", "ops-system", "get", kind, "-o", $"jsonpath={path}"], TestContext.Current.CancellationToken)).OrThrow().Output;

    private async Task ApplyAsync(string folder) =>
        (await images.Kubectl.RunAsync(["apply", "-k", Path.Combine(Repository.Root, "manifests", folder)], TestContext.Current.CancellationToken)).OrThrow();

    // How a kubelet tells a pod where the API server is.
    private IEnumerable<string> KubeletEnvironment() => [$"KUBERNETES_SERVICE_HOST={images.ApiUrl.Host}", $"KUBERNETES_SERVICE_PORT={images.ApiUrl.Port}"];

    private static string Expanded(string text, string address) => text.Replace("$(POD_IP)", address, StringComparison.Ordinal);

    private static string Value(V1EnvVar variable, string address) => variable.ValueFrom?.FieldRef?.FieldPath switch
    {
        "status.podIP" => address,
        "metadata.name" => "pod-of-a-test",
        "metadata.namespace" => "ops-system",
        null => Expanded(variable.Value, address),
        var other => throw new NotSupportedException($"the test gives pods no {other}"),
    };

    private static async Task ExpectAnswerAsync(ChildProcess process, Uri url)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        string answer;
        var started = TimeProvider.System.GetTimestamp();
        do
        {
            process.HasExited.ShouldBeFalse($"{url} is still to be answered\n{process.Tail()}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
            try
            {
                using var response = await http.GetAsync(url, TestContext.Current.CancellationToken);
                if (response.IsSuccessStatusCode)
                    return;
                answer = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
            {
                answer = e.Message;
            }
        }
        while (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(60));
        Assert.Fail($"{url}: {answer}\n{process.Tail()}");
    }
}
