using System.Diagnostics;

namespace Ops.Bench.Store;

/// <summary>Strikes the primaries of a store and measures how long their slots were not served.</summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private static readonly TimeSpan StrikesWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly StoreWorld? _world;
    private readonly StoreSite _site;
    private readonly Probe[] _probes;
    private readonly Random _random;

    /// <param name="world">What runs the store; null where nobody does.</param>
    /// <param name="site">The store; whole.</param>
    /// <param name="seed">Decides which primaries are struck.</param>
    internal FaultRun(StoreWorld? world, StoreSite site, int seed)
    {
        (_world, _site, _random) = (world, site, new Random(seed));
        // Stores of three shards are formed with equal runs of slots, by the planner as by redis-cli: one probe for each.
        _probes = [.. new[] { 0, 8_000, 16_383 }.Select(slot => new Probe(slot, site.Seeds))];
    }

    /// <summary>Outages so far: the fault, when it struck, and how long the struck slot was not served.</summary>
    internal List<(StoreFault Fault, long At, TimeSpan Outage)> Outages { get; } = [];

    /// <summary>The longest time that a slot of a shard that was not struck had to wait.</summary>
    internal TimeSpan Bystander { get; private set; }

    /// <summary>Strikes once and waits until the store is whole again.</summary>
    internal async Task<TimeSpan> StrikeAsync(StoreFault fault, CancellationToken cancellation)
    {
        await _site.WholeAsync(cancellation);
        foreach (var probe in _probes)
        {
            await probe.ServedAsync(Patience, cancellation);
            probe.Mark();
        }

        var at = Stopwatch.GetTimestamp();
        var struck = _probes[_random.Next(_probes.Length)];
        var heal = await fault.StrikeAsync(new Strike(_world, _site, struck.Server), cancellation);
        // A pod that is back within a probe's patience was never seen to be away; its outage is measured all the same.
        await struck.UnservedAsync(StrikesWithin, cancellation);
        await struck.ServedAsync(Patience, cancellation);
        await heal(cancellation);
        await _site.WholeAsync(cancellation);
        await struck.ServedAsync(Patience, cancellation);
        Outages.Add((fault, at, struck.Longest));
        // Where no shard is left out, none stands by.
        if (fault != StoreFault.Restarted)
            Bystander = _probes.Where(probe => probe != struck).Select(probe => probe.Longest).Append(Bystander).Max();
        return struck.Longest;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var probe in _probes)
            await probe.DisposeAsync();
    }
}
