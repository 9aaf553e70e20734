using System.Globalization;

namespace Ops.Dashboard.Metrics;

/// <summary>The figures of the last six hours, in memory and within a bound. One writer in rounds, many readers.</summary>
internal sealed class MetricStore(DashboardOptions options, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Track> tracks = new(StringComparer.Ordinal);

    /// <summary>Length of a round.</summary>
    public TimeSpan Step => options.ScrapeInterval;

    /// <summary>Grows with every round; a page that has drawn a version need not draw it again.</summary>
    public long Version { get; private set; }

    /// <summary>The moment from which figures are known.</summary>
    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>Figures that were not kept because there are too many.</summary>
    public long Dropped { get; private set; }

    /// <summary>Writes all figures of a round.</summary>
    public void Write(DateTimeOffset at, IEnumerable<KeyValuePair<string, double>> figures)
    {
        var round = RoundOf(at);
        lock (gate)
        {
            foreach (var (name, value) in figures)
            {
                if (!double.IsFinite(value))
                    continue;
                if (!tracks.TryGetValue(name, out var track))
                {
                    if (tracks.Count >= options.MaxSeries && !ForgetOldest(round))
                    {
                        Dropped++;
                        continue;
                    }

                    tracks[name] = track = new();
                }

                track.Write(round, value);
            }

            Version++;
        }
    }

    /// <summary>A figure between two moments, in at most so many values.</summary>
    public Curve Read(string name, DateTimeOffset from, DateTimeOffset to, int most = 120)
    {
        // A span is cut into whole multiples of the ring's own step, and begins at such a multiple: so a curve that moves
        // on keeps its shape instead of shimmering.
        var (first, last) = (RoundOf(from), RoundOf(to));
        var coarse = last - first > Track.Fine;
        long own = coarse ? Track.Rounds : 1;
        var stride = Math.Max(own, ((last - first) / most / own * own) + ((last - first) % (most * own) == 0 ? 0 : own));
        first -= first % stride;
        var values = new float[Math.Max(1, (int)((last - first) / stride) + 1)];
        lock (gate)
        {
            var track = tracks.GetValueOrDefault(name);
            for (var i = 0; i < values.Length; i++)
                values[i] = track is null ? float.NaN : Mean(track, first + (i * stride), stride, own, coarse);
        }

        return new Curve(TimeOf(first), Step * stride, values);
    }

    /// <summary>The newest value of a figure if it is of the last rounds, else null.</summary>
    public double? Newest(string name)
    {
        lock (gate)
        {
            // Three rounds: one may be lost on the way without a figure flickering.
            return tracks.TryGetValue(name, out var track) && track.Last >= RoundOf(time.GetUtcNow()) - 3 ? track.At(track.Last) : null;
        }
    }

    /// <summary>The names that begin so.</summary>
    public IReadOnlyList<string> Names(string prefix)
    {
        lock (gate)
            return [.. tracks.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The name of a figure of something, for example pool.watts|default/llama.</summary>
    public static string Name(string figure, params string?[] of) => string.Create(CultureInfo.InvariantCulture, $"{figure}|{string.Join('|', of)}");

    private static float Mean(Track track, long round, long stride, long own, bool coarse)
    {
        var (sum, count) = (0f, 0);
        for (var at = round; at < round + stride; at += own)
        {
            var value = coarse ? track.MeanAt(at) : track.At(at);
            if (float.IsFinite(value))
                (sum, count) = (sum + value, count + 1);
        }

        return count == 0 ? float.NaN : sum / count;
    }

    // A figure of the last ten minutes is never given up for a new one.
    private bool ForgetOldest(long round)
    {
        var oldest = tracks.MinBy(track => track.Value.Last);
        return oldest.Value.Last < round - 300 && tracks.Remove(oldest.Key);
    }

    private long RoundOf(DateTimeOffset at) => at.UtcTicks / Step.Ticks;

    private DateTimeOffset TimeOf(long round) => new(round * Step.Ticks, TimeSpan.Zero);
}
