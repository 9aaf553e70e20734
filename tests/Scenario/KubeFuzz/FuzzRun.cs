using k8s;
using k8s.Models;

namespace Ops.KubeFuzz.Tests;

/// <summary>The server under test, and the proxy in front of it.</summary>
internal sealed record FuzzTarget(string Server, string Token, FaultProxy Proxy, Action Compact)
{
    public KubeClient Client(string host, TimeSpan? timeout = null) => new(
        new KubernetesClientConfiguration { Host = host, AccessToken = Token, SkipTlsVerify = true },
        new KubeClientOptions { RequestTimeout = timeout ?? TimeSpan.FromSeconds(30) });
}

/// <summary>What came of a run: nothing, or what disagreed.</summary>
internal sealed record FuzzOutcome(int Seed, FaultTally Tally, string? Disagreement);

/// <summary>
/// One run: caches and a controller behind a faulty line, a random workload past it; then the faults stop, and cache,
/// change stream, world and owned objects must agree. The seed fixes workload and faults; the interleaving is the machine's.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target, int seed, IRelist<V1ConfigMap> relist) : IDisposable
{
    // Only an upper end for a run that would never agree; agreeing runs take well under a second.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FaultLine line = new(seed);
    private readonly string ns = $"fuzz-{seed}";

    public async Task<FuzzOutcome> RunAsync(CancellationToken cancellationToken)
    {
        using var direct = target.Client(target.Server);
        using var client = target.Client(target.Proxy.Add(ns, line), TimeSpan.FromMilliseconds(400));
        await direct.CreateAsync(new V1Namespace { ApiVersion = "v1", Kind = "Namespace", Metadata = new V1ObjectMeta { Name = ns } }, cancellationToken);
        var sources = new ResourceCache<V1ConfigMap>(client, Options(MirrorReconciler.Selector), null, relist);
        var copies = new ResourceCache<V1Secret>(client, Options(MirrorReconciler.CopySelector));
        var shadow = new Shadow<V1ConfigMap>(sources);
        var reconciler = new MirrorReconciler(sources, copies, new ApplyWriter(client));
        var loop = new ControllerLoop("mirror-" + ns, reconciler, new ControllerLoopOptions
        {
            Workers = 2,
            Queue = new WorkQueueOptions { FirstDelay = TimeSpan.FromMilliseconds(10), MaxDelay = TimeSpan.FromMilliseconds(200), Seed = seed },
        }).For(sources).Watches(copies, copy => [ObjectKey.Of(copy)]);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workload = new Workload(direct, ns, seed, line, target.Compact);
        await workload.FillAsync(cancellationToken);
        var running = Task.WhenAll(sources.RunAsync(stop.Token), copies.RunAsync(stop.Token), loop.RunAsync(stop.Token));
        try
        {
            await sources.WaitForSyncAsync(cancellationToken);
            await workload.RunAsync(40, cancellationToken);
            line.Faulty = false;
            await workload.MarkEndAsync(cancellationToken);
            return new FuzzOutcome(seed, line.Tally, await JudgeAsync(direct, sources, copies, shadow, reconciler, cancellationToken));
        }
        finally
        {
            await stop.CancelAsync();
            await running;
            target.Proxy.Remove(ns);
        }
    }

    public void Dispose() => line.Dispose();

    private ResourceCacheOptions Options(string selector) => new()
    {
        Namespace = ns,
        LabelSelector = selector,
        PageSize = 5,
        WatchTimeout = TimeSpan.FromSeconds(2),
        StallMargin = TimeSpan.FromMilliseconds(200),
        SilenceLimit = TimeSpan.FromMilliseconds(400),
        FirstDelay = TimeSpan.FromMilliseconds(10),
        MaxDelay = TimeSpan.FromMilliseconds(200),
        // A list now and then would heal what a lost event broke, and hide it from this test.
        BarrenWatchesBeforeList = int.MaxValue,
        Seed = seed,
    };

    private async Task<string?> JudgeAsync(
        KubeClient direct, ResourceCache<V1ConfigMap> sources, ResourceCache<V1Secret> copies, Shadow<V1ConfigMap> shadow, MirrorReconciler reconciler, CancellationToken cancellationToken)
    {
        if (!await WaitAsync(() => sources.Get(ns, "the-end") is not null, cancellationToken))
            return $"the last source never arrived: {sources.Trouble}";
        // The workload has ended, so whoever has seen its last source must know all: there is nothing to wait for.
        var world = await direct.ListAsync<V1ConfigMap>(ns, MirrorReconciler.Selector, cancellationToken: cancellationToken);
        if (Differences(world, sources.List()) is { } lost)
            return "sources: " + lost;
        // Changes are told one by one after the cache holds them all.
        string? untold = null;
        await WaitAsync(() => (untold = Differences(world, [.. shadow.Objects.Values])) is null, cancellationToken);
        if (shadow.Faults.Count > 0)
            return "changes that do not follow: " + string.Join("; ", shadow.Faults);
        if (untold is not null)
            return "changes: " + untold;
        return await JudgeCopiesAsync(direct, world, copies, cancellationToken) ?? await JudgeIdleAsync(world, reconciler, cancellationToken);
    }

    private async Task<string?> JudgeCopiesAsync(KubeClient direct, IReadOnlyList<V1ConfigMap> sources, ResourceCache<V1Secret> copies, CancellationToken cancellationToken)
    {
        string? difference = null;
        await WaitAsync(
            async () =>
            {
                var world = await direct.ListAsync<V1Secret>(ns, MirrorReconciler.CopySelector, cancellationToken: cancellationToken);
                difference = Differences(world, copies.List()) ?? Difference(
                    "source and copy",
                    sources.ToDictionary(s => s.Metadata.Name, s => s.Data["value"]),
                    world.ToDictionary(s => s.Metadata.Name, s => System.Text.Encoding.UTF8.GetString(s.Data["value"])));
                return difference is null;
            },
            cancellationToken);
        return difference is null ? null : "copies: " + difference;
    }

    // A settled controller that looks at everything again writes nothing. A retry that was under way may still write once.
    private async Task<string?> JudgeIdleAsync(IReadOnlyList<V1ConfigMap> sources, MirrorReconciler reconciler, CancellationToken cancellationToken)
    {
        for (var round = 0; round < 10; round++)
        {
            var before = line.Writes;
            foreach (var source in sources)
                await reconciler.ReconcileAsync(ObjectKey.Of(source), cancellationToken);
            if (line.Writes == before)
                return null;
        }

        return "a settled controller goes on writing";
    }

    private static string? Differences<T>(IEnumerable<T> world, IEnumerable<T> cache)
        where T : IKubernetesObject<V1ObjectMeta> =>
        Difference("world and cache", world.ToDictionary(o => o.Metadata.Name, Version), cache.ToDictionary(o => o.Metadata.Name, Version));

    private static string Version<T>(T obj)
        where T : IKubernetesObject<V1ObjectMeta> => $"{obj.Metadata.Uid}@{obj.Metadata.ResourceVersion}";

    private static string? Difference(string what, Dictionary<string, string> left, Dictionary<string, string> right)
    {
        var differences = left.Keys.Union(right.Keys)
            .Where(name => left.GetValueOrDefault(name) != right.GetValueOrDefault(name))
            .Select(name => $"{name}: {left.GetValueOrDefault(name, "absent")} and {right.GetValueOrDefault(name, "absent")}")
            .ToList();
        return differences.Count == 0 ? null : $"{what} differ in {string.Join("; ", differences)}";
    }

    private static Task<bool> WaitAsync(Func<bool> condition, CancellationToken cancellationToken) =>
        WaitAsync(() => Task.FromResult(condition()), cancellationToken);

    private static async Task<bool> WaitAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        for (var began = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(began) < Patience;)
        {
            if (await condition())
                return true;
            await Task.Delay(20, cancellationToken);
        }

        return false;
    }
}
