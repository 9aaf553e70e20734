using System.Globalization;
using Ops.Cli.Kustomize;
using Ops.Cli.Terminal;

namespace Ops.Cli.Up;

/// <summary>One run of <c>./ops up</c>, from the lock to the last process ended.</summary>
internal sealed class UpRun(Screen screen, TimeProvider time)
{
    private static readonly TimeSpan AnswerInterval = TimeSpan.FromMilliseconds(200);

    public async Task<int> RunAsync(UpOptions options, CancellationToken cancellation)
    {
        var board = new Board(screen, time);
        IReadOnlyList<Manifest> deploy =
        [
            .. KustomizeReader.Read(Path.Combine(Checkout.Manifests, "deploy")),
            .. KustomizeReader.Read(Path.Combine(Checkout.Manifests, "power-agent")),
        ];
        IReadOnlyList<Manifest> samples =
        [
            .. options.Samples ? KustomizeReader.Read(Path.Combine(Checkout.Manifests, "samples")) : [],
            .. options.Shop ? KustomizeReader.Read(Path.Combine(Checkout.Manifests, "samples", "shop")) : [],
        ];
        if (options.RouterPort is { } routerPort)
            RouterAccess.UsePort(deploy, routerPort);
        var dashboardPort = DashboardAccess.Expose(deploy, options.DashboardPort);
        if (options.LlmEndpoint is { } endpoint)
            DashboardModel.Use(deploy, endpoint, options.LlmModel!);
        using var state = StateFolder.Acquire(options.State);
        if (options.Fresh)
            state.Clear();
        CheckPorts(options, [.. deploy, .. samples]);
        using var addresses = AddressRanges.Take(state);

        using var log = new FileLog(state.Log, time);
        var since = time.GetUtcNow();
        var fleet = await Fleet.StartAsync(options, state, addresses, board, log, time, cancellation);
        try
        {
            await BringUpAsync(fleet, deploy, samples, options, dashboardPort, state, board, since, cancellation);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The user asked to stop; before or after ready, what follows is the same.
        }
        finally
        {
            await StopAsync(fleet);
        }

        return 0;
    }

    private async Task BringUpAsync(
        Fleet fleet, IReadOnlyList<Manifest> deploy, IReadOnlyList<Manifest> samples, UpOptions options, int? dashboardPort, StateFolder state, Board board, DateTimeOffset since, CancellationToken cancellation)
    {
        var kubeconfig = state.WritePrivate("kubeconfig", fleet.Server.KubeconfigFor(fleet.Server.AdminToken));
        using var cluster = new ClusterClient(fleet.Server.Url, fleet.Server.AdminToken);
        var deployer = new Deployer(cluster, time);
        await deployer.ApplyKindsAsync([.. deploy, .. samples], cancellation);
        var space = deploy.FirstOrDefault(manifest => manifest.Kind == "Namespace");
        if (space is not null)
            await cluster.ApplyAsync(space, cancellation);
        var key = await RouterAccess.KeyAsync(cluster, space?.Name ?? "default", cancellation);
        await DashboardAccess.EnsureSessionKeyAsync(cluster, space?.Name ?? "default", cancellation);
        if (options.LlmKeyFile is { } keyFile)
            await DashboardModel.KeepKeyAsync(cluster, space?.Name ?? "default", keyFile, cancellation);
        var kept = await deployer.ApplyAsync([.. deploy, .. samples], cancellation);
        board.Done("manifests", string.Create(CultureInfo.InvariantCulture, $"{deploy.Count + samples.Count - kept.Count} objects applied"));
        foreach (var line in kept)
            board.Done("manifests", line);

        var components = deploy.Concat(samples).Select(Component.Of).OfType<Component>().ToList();
        await new Readiness(cluster, board, screen, time).WaitAsync(components, since, options.Patience, cancellation);

        var port = RouterAccess.Port(deploy) ?? throw new UserError("manifests/deploy has no Service named router with a nodePort.");
        var router = new Uri($"http://127.0.0.1:{port}");
        var models = samples.Where(manifest => manifest.Kind == "ModelRoute")
            .Select(route => (string?)route.Body["spec"]?["model"] ?? route.Name).ToList();
        foreach (var problem in fleet.Problems)
            screen.Error(problem);
        await WaitForAnswersAsync(router, key, models, board, cancellation);

        var instance = new RunningInstance(Environment.ProcessId, fleet.Server.Url, router.ToString().TrimEnd('/'), key, kubeconfig);
        state.Publish(instance);
        var dashboard = dashboardPort is { } open ? new DashboardLink($"http://127.0.0.1:{open}", fleet.Server.AdminToken) : null;
        Welcome.Print(screen, instance, dashboard, models.FirstOrDefault(), board.Elapsed);
    }

    private async Task WaitForAnswersAsync(Uri router, string key, IReadOnlyList<string> models, Board board, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = router, Timeout = TimeSpan.FromSeconds(10) };
        foreach (var model in models)
        {
            while (await RouterAccess.AskAsync(client, key, model, cancellation) is { } problem)
            {
                board.Waiting($"first answer of {model}: {problem}");
                await Task.Delay(AnswerInterval, time, cancellation);
            }

            board.Done("first answer", $"{model}, through the router");
        }
    }

    private async Task StopAsync(Fleet fleet)
    {
        var start = time.GetTimestamp();
        screen.Line();
        screen.Line("stopping (Ctrl-C again kills at once)");
        await fleet.DisposeAsync();
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"stopped every process in {time.GetElapsedTime(start).TotalSeconds:0.0} s"));
    }

    private static void CheckPorts(UpOptions options, IReadOnlyList<Manifest> manifests)
    {
        PortCheck.EnsureFree(options.ApiPort, "the API server", "stop that program or choose another port with --api-port (0 takes any free one).");
        foreach (var manifest in manifests)
            foreach (var port in RouterAccess.NodePorts(manifest))
                PortCheck.EnsureFree(port, $"Service {manifest.Name}", "stop that program or choose another port with --router-port or --dashboard-port.");
    }
}
