namespace Ops.Llm;

/// <summary>Tokens of the last hour by policy, in minutes. Thread-safe; in memory only, so a restart begins with nothing spent.</summary>
/// <param name="time">The clock.</param>
public sealed class TokenMeter(TimeProvider time)
{
    private const int Minutes = 60;

    private readonly Lock gate = new();
    // 61 entries a policy at most.
    private readonly Dictionary<string, SortedDictionary<long, int>> spent = [];

    /// <summary>Takes tokens before they are spent; false where the hour's limit would be passed.</summary>
    /// <param name="policy">Whose budget.</param>
    /// <param name="limit">Tokens in any hour.</param>
    /// <param name="tokens">At most so many will be used.</param>
    public bool TryTake(string policy, int limit, int tokens)
    {
        lock (gate)
        {
            if (Sum(policy) + tokens > limit)
                return false;
            Add(policy, tokens);
            return true;
        }
    }

    /// <summary>Puts what was really used in place of what was taken.</summary>
    /// <param name="policy">Whose budget.</param>
    /// <param name="taken">What was taken.</param>
    /// <param name="used">What was used.</param>
    public void Settle(string policy, int taken, int used)
    {
        lock (gate)
            Add(policy, used - taken);
    }

    /// <summary>Tokens of the last hour.</summary>
    /// <param name="policy">Whose.</param>
    public int LastHour(string policy)
    {
        lock (gate)
            return (int)Math.Clamp(Sum(policy), 0, int.MaxValue);
    }

    private void Add(string policy, int tokens)
    {
        if (!spent.TryGetValue(policy, out var minutes))
            spent[policy] = minutes = [];
        minutes[Minute()] = minutes.GetValueOrDefault(Minute()) + tokens;
    }

    private long Sum(string policy)
    {
        if (!spent.TryGetValue(policy, out var minutes))
            return 0;
        foreach (var old in minutes.Keys.TakeWhile(minute => minute <= Minute() - Minutes).ToList())
            minutes.Remove(old);
        return minutes.Values.Sum(tokens => (long)tokens);
    }

    private long Minute() => time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute;
}
