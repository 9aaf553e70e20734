namespace Ops.Rca.Sources.Scraping;

/// <summary>The series of one process by their text, so that a page that was seen before is read without a copy of it.</summary>
internal sealed class TargetSeries
{
    private readonly Dictionary<string, Known> series = [];
    private readonly Dictionary<string, Known>.AlternateLookup<ReadOnlySpan<char>> byText;
    private int added;
    private int leftOut;

    public TargetSeries(string service)
    {
        Service = service;
        byText = series.GetAlternateLookup<ReadOnlySpan<char>>();
        Up = new RawSeries(SignalKinds.Up, new Dictionary<string, string>(), SeriesType.Gauge, service);
    }

    /// <summary>The service that the process belongs to.</summary>
    public string Service { get; }

    /// <summary>Whether it answered.</summary>
    public RawSeries Up { get; }

    /// <summary>The last round in which it was asked.</summary>
    public int LastRound { get; set; }

    /// <summary>Series that are kept.</summary>
    public int Count => series.Values.Count(known => known.Series is not null);

    /// <summary>The series of a text; null if it is of no use, malformed, or new where there is no room.</summary>
    public RawSeries? Find(ReadOnlySpan<char> text, SeriesType type, int round, int room)
    {
        if (byText.TryGetValue(text, out var known))
        {
            known.LastRound = round;
            return known.Series;
        }

        var open = text.IndexOf('{');
        var name = (open < 0 ? text : text[..open]).ToString();
        // Ignored ones are looked at again each time: remembering them would cost what ignoring them saves.
        if (SignalKinds.IsIgnored(name))
            return null;
        if (added >= room)
        {
            leftOut++;
            return null;
        }

        var parsed = ExpositionText.Parse(text, type, Service);
        series[text.ToString()] = new Known(parsed) { LastRound = round };
        added++;
        return parsed;
    }

    /// <summary>Series that were new since the last call.</summary>
    public int TakeNew() => (added, added = 0).Item1;

    /// <summary>Series that found no room since the last call.</summary>
    public int TakeLeftOut() => (leftOut, leftOut = 0).Item1;

    /// <summary>Forgets what was not seen since a round.</summary>
    public void Forget(int before)
    {
        foreach (var (text, known) in series)
            if (known.LastRound < before)
                series.Remove(text);
    }

    private sealed class Known(RawSeries? series)
    {
        public RawSeries? Series { get; } = series;

        public int LastRound { get; set; }
    }
}
