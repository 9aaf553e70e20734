namespace Ops.Router;

/// <summary>Bounds the memory of all request bodies together. Counts bytes; holds none.</summary>
internal sealed class BodyBudget(long limit)
{
    private long _used;
    private long _peak;

    internal long Used => Volatile.Read(ref _used);

    /// <summary>The most that was held at once.</summary>
    internal long Peak => Volatile.Read(ref _peak);

    internal bool TryTake(int bytes)
    {
        var used = Interlocked.Add(ref _used, bytes);
        if (used <= limit)
        {
            // A lost race leaves a slightly lower peak, which serves its purpose as well.
            if (used > Volatile.Read(ref _peak))
                Volatile.Write(ref _peak, used);
            return true;
        }

        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    internal void Return(int bytes) => Interlocked.Add(ref _used, -bytes);
}
