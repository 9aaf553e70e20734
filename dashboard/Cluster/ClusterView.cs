using System.Collections.Immutable;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Kube;

namespace Ops.Dashboard.Cluster;

/// <summary>The watches of one user, with that user's token, and the snapshot that they add up to.</summary>
internal sealed class ClusterView : IAsyncDisposable
{
    // Viewers render twice a second at most, so a snapshot older than this is never seen.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource ending = new();
    private readonly ResourceCache<ModelPool> pools;
    private readonly ResourceCache<ModelRoute> routes;
    private readonly ResourceCache<EnergyBudget> budgets;
    private readonly ResourceCache<Incident> incidents;
    private readonly ResourceCache<Remediation> remediations;
    private readonly ResourceCache<HealingPolicy> policies;
    private readonly ResourceCache<Approver> approvers;
    private readonly ResourceCache<ShardedStore> stores;
    private readonly ResourceCache<V1Pod> pods;
    private readonly ResourceCache<V1Deployment> deployments;
    private readonly IReadOnlyList<(string Plural, IResourceCache Cache)> all;
    private readonly Task running;
    private volatile ClusterSnapshot current = ClusterSnapshot.Empty;
    private int dirty = 1;

    /// <summary>Starts the watches.</summary>
    /// <param name="client">With the user's token; disposed with the view.</param>
    /// <param name="ns">Only this namespace, for users who may list nowhere else; null for all.</param>
    /// <param name="time">Paces the snapshots.</param>
    /// <param name="logs">Where the caches report.</param>
    public ClusterView(KubeClient client, string? ns, TimeProvider time, ILoggerFactory logs)
    {
        Client = client;
        Namespace = ns;
        pools = Watch<ModelPool>(logs);
        routes = Watch<ModelRoute>(logs);
        budgets = Watch<EnergyBudget>(logs, isNamespaced: false);
        incidents = Watch<Incident>(logs);
        remediations = Watch<Remediation>(logs);
        policies = Watch<HealingPolicy>(logs);
        approvers = Watch<Approver>(logs);
        stores = Watch<ShardedStore>(logs);
        pods = Watch<V1Pod>(logs);
        deployments = Watch<V1Deployment>(logs);
        all =
        [
            (ModelPool.PluralName, pools), (ModelRoute.PluralName, routes), (EnergyBudget.PluralName, budgets),
            (Incident.PluralName, incidents), (Remediation.PluralName, remediations), (HealingPolicy.PluralName, policies),
            (Approver.PluralName, approvers), (ShardedStore.PluralName, stores), ("pods", pods), ("deployments", deployments),
        ];
        running = Task.WhenAll([.. all.Select(kind => kind.Cache.RunAsync(ending.Token)), PublishAsync(time)]);
    }

    /// <summary>Raised after <see cref="Current"/> changed, at most four times a second.</summary>
    public event Action? Changed;

    /// <summary>The API server with the user's token.</summary>
    public KubeClient Client { get; }

    /// <summary>The only namespace that is watched; null for all.</summary>
    public string? Namespace { get; }

    /// <summary>The newest snapshot.</summary>
    public ClusterSnapshot Current => current;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Client.Dispose();
        ending.Dispose();
    }

    private ResourceCache<T> Watch<T>(ILoggerFactory logs, bool isNamespaced = true)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        // A person waits for a refused list to be granted, so the longest wait is short.
        var cache = new ResourceCache<T>(Client, new() { Namespace = isNamespaced ? Namespace : null, KeepManagers = [], MaxDelay = TimeSpan.FromSeconds(10) }, logs);
        cache.Changed += _ => Volatile.Write(ref dirty, 1);
        cache.Listed += () => Volatile.Write(ref dirty, 1);
        return cache;
    }

    private async Task PublishAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Pace, time);
        do
        {
            var kinds = all.Select(kind => new KindState(kind.Plural, kind.Cache.HasSynced, kind.Cache.Trouble)).ToImmutableArray();
            if (Interlocked.Exchange(ref dirty, 0) == 0 && kinds.SequenceEqual(current.Kinds))
                continue;
            current = Take(kinds);
            Changed?.Invoke();
        }
        while (await timer.WaitForNextTickAsync(ending.Token));
    }

    private ClusterSnapshot Take(ImmutableArray<KindState> kinds) => new()
    {
        Pools = Sorted(pools),
        Routes = Sorted(routes),
        Budgets = Sorted(budgets),
        Incidents = [.. incidents.List().OrderByDescending(incident => incident.Status?.DetectedAt ?? incident.Metadata.CreationTimestamp)],
        Remediations = [.. remediations.List().OrderByDescending(remediation => remediation.Metadata.CreationTimestamp)],
        Policies = Sorted(policies),
        Approvers = Sorted(approvers),
        Stores = Sorted(stores),
        Pods = Sorted(pods),
        Deployments = Sorted(deployments),
        Kinds = kinds,
    };

    private static ImmutableArray<T> Sorted<T>(ResourceCache<T> cache)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        [.. cache.List().OrderBy(item => item.Metadata.NamespaceProperty, StringComparer.Ordinal).ThenBy(item => item.Metadata.Name, StringComparer.Ordinal)];
}
