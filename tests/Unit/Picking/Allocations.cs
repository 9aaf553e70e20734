namespace Ops.Picking.Tests;

/// <summary>What this thread allocates.</summary>
internal static class Allocations
{
    /// <summary>
    /// Bytes that a piece of work allocates, the least of five times: a collection that another test causes gives up what
    /// is left of this thread's allocation buffer, and the compiler's later tiers allocate when they come in. Neither
    /// happens every time; what the work itself allocates does.
    /// </summary>
    internal static long Of(Action work)
    {
        work();
        return Enumerable.Range(0, 5).Min(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });
    }
}
