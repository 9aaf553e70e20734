namespace Ops.Dashboard.Ask;

/// <summary>Questions of the last minute by user. Thread-safe; in memory only. At most as many entries a user as questions are allowed.</summary>
/// <param name="time">The clock.</param>
internal sealed class QuestionMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue<DateTimeOffset>> asked = new(StringComparer.Ordinal);

    /// <summary>Counts a question; false where the minute's limit would be passed.</summary>
    public bool TryTake(string user, int limit)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            foreach (var (other, times) in asked)
            {
                while (times.TryPeek(out var first) && now - first >= Window)
                    times.Dequeue();
                if (times.Count == 0)
                    asked.Remove(other);
            }

            if (!asked.TryGetValue(user, out var own))
                asked[user] = own = [];
            if (own.Count >= limit)
                return false;
            own.Enqueue(now);
            return true;
        }
    }
}
