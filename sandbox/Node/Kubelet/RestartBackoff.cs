namespace Ops.Sandbox.Node.Kubelet;

/// <summary>The kubelet's waits between attempts: none before the first retry, then 10 s doubling to 5 min.</summary>
internal sealed class RestartBackoff
{
    public static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private DateTimeOffset updated;

    /// <summary>The present wait; zero before the first retry.</summary>
    public TimeSpan Current { get; private set; }

    /// <summary>How long a retry after an end at this time still has to wait; null when it may go ahead.</summary>
    public TimeSpan? Left(DateTimeOffset endedAt, DateTimeOffset now)
    {
        // Twice the longest wait without trouble wipes the slate.
        if (Current == TimeSpan.Zero || endedAt - updated > 2 * Longest)
            return null;
        var left = endedAt + Current - now;
        return left > TimeSpan.Zero ? left : null;
    }

    /// <summary>A retry goes ahead: the next one waits longer.</summary>
    public void Next(DateTimeOffset now)
    {
        if (Current == TimeSpan.Zero || now - updated > 2 * Longest)
            Current = First;
        else
            Current = 2 * Current < Longest ? 2 * Current : Longest;
        updated = now;
    }
}
