using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>Where a fault strikes.</summary>
/// <param name="World">What runs the store; null where nobody does.</param>
/// <param name="Site">The store.</param>
/// <param name="Victim">A primary.</param>
internal sealed record Strike(StoreWorld? World, StoreSite Site, StoreAddress Victim);

/// <summary>One kind of fault that strikes the primary of a slot.</summary>
/// <param name="Key">Its name in the figures.</param>
/// <param name="StrikeAsync">Lets it happen; what comes back takes the fault away once the slot is served again.</param>
internal sealed record StoreFault(string Key, Func<Strike, CancellationToken, Task<Func<CancellationToken, Task>>> StrikeAsync)
{
    /// <summary>SIGSTOP: the process is there and says nothing, as on a machine that hangs.</summary>
    internal static readonly StoreFault Stopped = new("stopped", async (strike, cancellation) =>
    {
        var go = await EngineProcess.StopAsync(strike.Victim, cancellation);
        return _ =>
        {
            go();
            return Task.CompletedTask;
        };
    });

    /// <summary>kill -9: the kubelet starts the process again with its volume.</summary>
    internal static readonly StoreFault Killed = new("killed", async (strike, cancellation) =>
    {
        await EngineProcess.KillAsync(strike.Victim, cancellation);
        return _ => Task.CompletedTask;
    });

    /// <summary>The pod is deleted: another comes with the same volume and another address.</summary>
    internal static readonly StoreFault Readdressed = new("readdressed", async (strike, cancellation) =>
    {
        await strike.World!.DeletePodAsync(strike.Site.MemberAt(strike.Victim), cancellation);
        return _ => Task.CompletedTask;
    });
}
