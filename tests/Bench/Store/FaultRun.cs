using System.Diagnostics;

namespace Ops.Bench.Store;

/// <summary>A fault that struck.</summary>
/// <param name="Fault">Its kind.</param>
/// <param name="At">When.</param>
/// <param name="Duration">How long the struck slot was not served.</param>
/// <param name="Hung">Members that hung meanwhile, whatever had struck, and were started anew.</param>
/// <param name="Why">What writes to the slot were answered meanwhile.</param>
internal sealed record Outage(StoreFault Fault, long At, TimeSpan Duration, int Hung, string Why);

/// <summary>Strikes the primaries of a store and measures how long their slots were not served.</summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private static readonly TimeSpan StrikesWithin = TimeSpan.FromSeconds(3);

    // As long as a store may take to become whole.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

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

    /// <summary>Outages so far.</summary>
    internal List<Outage> Outages { get; } = [];

    /// <summary>The longest time that a slot of a shard that was not struck had to wait.</summary>
    internal TimeSpan Bystander { get; private set; }

    /// <summary>Strikes once and waits until the store is whole again.</summary>
    /// <exception cref="BenchCannotRunException">It did not become whole, or a slot was not served for too long; the message says what each member said then.</exception>
    internal async Task<Outage> StrikeAsync(StoreFault fault, CancellationToken cancellation)
    {
        try
        {
            return await MeasureAsync(fault, cancellation);
        }
        catch (BenchCannotRunException broken)
        {
            throw new BenchCannotRunException($"{fault.Key}: {broken.Message}\n{await _site.DescribeAsync(cancellation)}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var probe in _probes)
            await probe.DisposeAsync();
    }

    private async Task<Outage> MeasureAsync(StoreFault fault, CancellationToken cancellation)
    {
        await _site.WholeAsync(cancellation);
        foreach (var probe in _probes)
        {
            await probe.ServedAsync(Patience, cancellation);
            probe.Mark();
        }

        var (at, restarted) = (Stopwatch.GetTimestamp(), _site.Restarted);
        var struck = _probes[_random.Next(_probes.Length)];
        var heal = await fault.StrikeAsync(new Strike(_world, _site, struck.Server), cancellation);
        try
        {
            // A pod that is back within a probe's patience was never seen to be away; its outage is measured all the same.
            await struck.UnservedAsync(StrikesWithin, cancellation);
            await struck.ServedAsync(Patience, cancellation);
        }
        finally
        {
            await heal(cancellation);
        }

        await _site.WholeAsync(cancellation);
        await struck.ServedAsync(Patience, cancellation);
        var outage = new Outage(fault, at, struck.Longest, _site.Restarted - restarted, struck.Why);
        Outages.Add(outage);
        // Where no shard is left out, none stands by; one whose own member hung was struck too.
        if (fault != StoreFault.Restarted && outage.Hung == 0)
            Bystander = _probes.Where(probe => probe != struck).Select(probe => probe.Longest).Append(Bystander).Max();
        return outage;
    }
}
