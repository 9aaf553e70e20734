using Prometheus;

namespace Ops.Sandbox.Shop.Running;

/// <summary>Which keys are cached, and until when. At most as many entries as an operation has keys.</summary>
internal sealed class ExpiringCache(Counter hits, Counter misses, Random random, TimeProvider time)
{
    // Lives differ by half, so that what was read together does not expire together.
    private const double LeastSeconds = 10;
    private const double MostSeconds = 30;

    private readonly Dictionary<(string Operation, int Key), DateTimeOffset> entries = [];
    private readonly Lock gate = new();

    /// <summary>The share of answers that the cache loses, 0 to 1.</summary>
    public double Loss { get; set; }

    /// <summary>Entries now held.</summary>
    public int Count
    {
        get
        {
            lock (gate)
                return entries.Count;
        }
    }

    /// <summary>Whether a random key is there; where not, it is from now on.</summary>
    public bool TryUse(string operation, int keys)
    {
        lock (gate)
        {
            // Squaring makes low keys popular: the first tenth of the keys gets a third of the requests.
            var draw = random.NextDouble();
            var key = (operation, (int)(draw * draw * keys));
            var now = time.GetUtcNow();
            var hit = entries.TryGetValue(key, out var until) && until > now && (Loss <= 0 || random.NextDouble() >= Loss);
            (hit ? hits : misses).Inc();
            if (!hit)
                entries[key] = now.AddSeconds(LeastSeconds + (random.NextDouble() * (MostSeconds - LeastSeconds)));
            return hit;
        }
    }
}
