using Ops.Api;

namespace Ops.Planning.Fleet;

/// <summary>More replicas at once, fewer only after the smaller number has been enough for a while.</summary>
internal static class Settling
{
    private static readonly TimeSpan LeastDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MostDelay = TimeSpan.FromMinutes(30);

    /// <summary>The number of replicas now, and what to remember.</summary>
    /// <param name="bounded">The pool.</param>
    /// <param name="wanted">What its load asks for.</param>
    /// <param name="load">What is expected of it.</param>
    /// <param name="mayGo">False while those that take over its load are not ready.</param>
    /// <param name="memory">What was remembered.</param>
    /// <param name="now">The moment.</param>
    public static (int Replicas, PoolMemory Memory) Next(BoundedPool bounded, int wanted, DemandOutlook load, bool mayGo, PoolMemory memory, DateTimeOffset now)
    {
        var (pool, current, asked) = (bounded.State, bounded.Current, bounded.Asked);
        if (bounded.IsFixed)
            return (current, new());
        // A pool that still starts is not idle: nobody could ask it.
        var starts = pool.Ready == 0 && current > 0;
        var idleSince = asked || starts ? (DateTimeOffset?)null : memory.IdleSince ?? now;
        var expectsNobody = load.Upper * pool.IdleAfter.TotalSeconds < 1;
        if (expectsNobody && idleSince is { } since && now - since >= pool.IdleAfter)
            wanted = Math.Min(wanted, Math.Clamp(pool.Min + pool.Warm, bounded.Least, bounded.Most));
        // A bound that was moved below what runs is the user's word and needs no patience.
        if (wanted >= current || current > bounded.Most)
            return (wanted >= current ? wanted : bounded.Most, new(IdleSince: idleSince));

        var (lowerSince, lowerTo) = memory.LowerSince is { } start ? (start, Math.Max(memory.LowerTo, wanted)) : (now, wanted);
        // A pool that nobody asks keeps its last replica for as long as the user says; one whose requests others take over
        // need not.
        var enough = lowerTo == 0 && !asked
            ? idleSince is { } idle && now - idle >= pool.IdleAfter
            : now - lowerSince >= Delay(pool);
        return enough && mayGo
            ? (lowerTo, new(IdleSince: idleSince))
            : (current, new(lowerSince, lowerTo, idleSince));
    }

    /// <summary>
    /// How long an unneeded replica stays: until it has wasted what its next start would cost. Whatever the load does, that
    /// costs at most twice the best possible in hindsight (the ski-rental rule).
    /// </summary>
    private static TimeSpan Delay(PoolState pool)
    {
        if (pool.Levels.Count == 0)
            return pool.IdleAfter;
        var idle = Math.Max(1, pool.Levels[0].IdleWatts);
        var seconds = Math.Clamp(pool.Start.Joules / idle, LeastDelay.TotalSeconds, MostDelay.TotalSeconds);
        var even = TimeSpan.FromSeconds(seconds);
        return even < pool.IdleAfter ? even : pool.IdleAfter;
    }
}
