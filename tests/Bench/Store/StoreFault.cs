using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>Where a fault strikes.</summary>
/// <param name="World">What runs the store; null where nobody does.</param>
/// <param name="Site">The store.</param>
/// <param name="Victim">A primary.</param>
internal sealed record Strike(StoreWorld? World, StoreSite Site, StoreAddress Victim);

/// <summary>One kind of fault that strikes the primary of a slot.</summary>
/// <param name="Key">Its name in the figures.</param>
/// <param name="CopyLeft">Whether a copy of the slot is there to take over while it lasts.</param>
/// <param name="StrikeAsync">Lets it happen; what comes back takes the fault away once the slot is served again.</param>
internal sealed record StoreFault(string Key, bool CopyLeft, Func<Strike, CancellationToken, Task<Func<CancellationToken, Task>>> StrikeAsync)
{
    // Twice the silence after which the nodes of these stores call another one failed.
    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(4);

    /// <summary>SIGSTOP: the process is there and says nothing, as on a machine that hangs.</summary>
    internal static readonly StoreFault Stopped = new("stopped", true, async (strike, cancellation) => Later(await EngineProcess.StopAsync(strike.Victim, cancellation)));

    /// <summary>kill -9: the kubelet starts the process again with its volume.</summary>
    internal static readonly StoreFault Killed = new("killed", true, async (strike, cancellation) =>
    {
        await EngineProcess.KillAsync(strike.Victim, cancellation);
        return Nothing;
    });

    /// <summary>The pod is deleted: another comes with the same volume and another address.</summary>
    internal static readonly StoreFault Readdressed = new("readdressed", true, async (strike, cancellation) =>
    {
        await strike.World!.DeletePodAsync(strike.Site.MemberAt(strike.Victim), cancellation);
        return Nothing;
    });

    /// <summary>The replicas hear nothing for a while, and then the primary, which went on alone, falls silent.</summary>
    internal static readonly StoreFault Lagging = new("lagging", true, async (strike, cancellation) =>
    {
        var goOn = await StopAsync(await ReplicasAsync(strike, cancellation), cancellation);
        try
        {
            await Task.Delay(Lasting, cancellation);
            return Later(await EngineProcess.StopAsync(strike.Victim, cancellation));
        }
        finally
        {
            goOn();
        }
    });

    /// <summary>The primary and its replicas say nothing to anybody for a while, as behind a network that is cut, and then go on.</summary>
    internal static readonly StoreFault Severed = new("severed", false, async (strike, cancellation) =>
    {
        var goOn = await StopAsync([strike.Victim, .. await ReplicasAsync(strike, cancellation)], cancellation);
        try
        {
            await Task.Delay(Lasting, cancellation);
            return Nothing;
        }
        finally
        {
            goOn();
        }
    });

    /// <summary>A partition: no packet reaches the primary and none leaves it; it runs on, and comes back believing that it is the primary.</summary>
    internal static readonly StoreFault CutOff = new("cut_off", true, (strike, _) => Task.FromResult(Later(NetworkCut.Of(strike.Victim).Dispose)));

    /// <summary>The primary's disk takes nothing for a while.</summary>
    internal static readonly StoreFault DiskFull = new("disk_full", true, async (strike, cancellation) =>
    {
        var disk = await FullDisk.OfAsync(strike.Victim, cancellation);
        await Task.Delay(Lasting, cancellation);
        await disk.FreeAsync(cancellation);
        return Nothing;
    });

    /// <summary>All pods are deleted at once: each comes back with its volume and another address.</summary>
    internal static readonly StoreFault Restarted = new("restarted", false, async (strike, cancellation) =>
    {
        await Task.WhenAll(strike.Site.Members.ToList().Select(pod => strike.World!.DeletePodAsync(pod, cancellation)));
        return Nothing;
    });

    /// <summary>The operator is killed while it moves slots to a new shard; its successor finds them on their way and the shard unwanted.</summary>
    internal static readonly StoreFault OperatorKilled = new("operator_killed", true, async (strike, cancellation) =>
    {
        var (world, site) = (strike.World!, strike.Site);
        var (shards, moving) = (site.Shards, new ScaleRun(site, site.Members.ToHashSet()));
        await world.ScaleAsync(site, shards + 1, cancellation);
        await moving.RateAsync(moved => moved > 0, TimeSpan.Zero, cancellation);
        await world.KillOperatorAsync(cancellation);
        await world.ScaleAsync(site, shards, cancellation);
        await world.StartOperatorAsync(cancellation);
        return Nothing;
    });

    private static Task Nothing(CancellationToken cancellation) => Task.CompletedTask;

    private static Func<CancellationToken, Task> Later(Action heal) => _ =>
    {
        heal();
        return Task.CompletedTask;
    };

    private static async Task<IEnumerable<StoreAddress>> ReplicasAsync(Strike strike, CancellationToken cancellation)
    {
        var nodes = (await strike.Site.ObserveAsync(cancellation)).Nodes.Values;
        var primary = nodes.First(node => node.Address == strike.Victim);
        return nodes.Where(node => node.PrimaryId == primary.Id).Select(node => node.Address);
    }

    private static async Task<Action> StopAsync(IEnumerable<StoreAddress> addresses, CancellationToken cancellation)
    {
        var goOn = await Task.WhenAll(addresses.Select(address => EngineProcess.StopAsync(address, cancellation)));
        return () =>
        {
            foreach (var one in goOn)
                one();
        };
    }
}
