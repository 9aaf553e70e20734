using System.Collections.Concurrent;

namespace Ops.Router;

/// <summary>The meters of all callers that have limits, by id.</summary>
internal sealed class CallerMeters(TimeProvider time)
{
    /// <summary>About 250 bytes each: 2.5 MB. Keys are few; subjects of tokens may be many.</summary>
    internal const int Capacity = 10_000;

    // A bucket fills in a minute; only budgets remember longer, and those of the least recently used are forgotten first.
    private const long IdleMs = 60_000;

    private readonly ConcurrentDictionary<string, CallerMeter> _byId = new(StringComparer.Ordinal);
    private readonly CallerMeter _others = new(time);

    internal int Count => _byId.Count;

    /// <summary>The caller's meter; null when it has no limits.</summary>
    internal CallerMeter? Of(Caller caller)
    {
        if (!caller.Limits.AreMetered)
            return null;
        return caller.Meter ??= Find(caller.Id);
    }

    /// <summary>Who has used tokens in this month.</summary>
    internal IEnumerable<(string Caller, long Day, long Month)> Used()
    {
        foreach (var (id, meter) in _byId)
        {
            if (meter.Used() is { Month: > 0 } used)
                yield return (id, used.Day, used.Month);
        }
    }

    /// <summary>Goes on with what another process saw used.</summary>
    internal void Restore(string caller, DateTime day, long usedOnDay, long usedInMonth) => Find(caller).Restore(day, usedOnDay, usedInMonth);

    private CallerMeter Find(string id)
    {
        if (_byId.TryGetValue(id, out var meter))
            return meter;
        if (_byId.Count >= Capacity)
            ForgetIdle();
        return _byId.Count < Capacity ? _byId.GetOrAdd(id, static (_, clock) => new CallerMeter(clock), time) : _others;
    }

    private void ForgetIdle()
    {
        var before = time.NowMs() - IdleMs;
        foreach (var (id, _) in _byId.Where(m => m.Value.UsedAtMs < before).OrderBy(m => m.Value.UsedAtMs).Take(Capacity / 10).ToList())
            _byId.TryRemove(id, out _);
    }
}
