namespace Ops.Rca;

/// <summary>An onset as found.</summary>
/// <param name="Seconds">The most likely first time of the incident.</param>
/// <param name="Earliest">Start of the interval in which the statistic is within 5 % of its peak.</param>
/// <param name="Latest">End of that interval.</param>
/// <param name="Probability">Share of block-shuffled copies of the data with a peak as high: small means a real change.</param>
/// <param name="Symptoms">How many symptoms left their usual range around it by six robust deviations, what the service asks too.</param>
public sealed record FoundOnset(double Seconds, double Earliest, double Latest, double Probability, int Symptoms)
{
    /// <summary>A change that is hardly chance. A surge of users is one.</summary>
    public bool IsChange => Probability <= 0.05;

    /// <summary>A change that users feel: without one there may be no incident.</summary>
    public bool IsIncident => IsChange && Symptoms > 0;
}

/// <summary>
/// When the incident may have begun: the peaks of the change curve, anywhere or around the time that was told. A told
/// symptom counts as much as all metrics together, since the incident is when the symptom moved.
/// </summary>
public static class OnsetSearch
{
    // With fewer rows no split leaves two on both sides.
    private const int FewestRows = 4;
    private const int Shuffles = 99;
    private const double Felt = 6;

    // The curve is a rough likelihood, so a few peaks share the weight. At most this many, not closer than this, by the
    // fourth power of their height; below 0.45 of the highest a peak would weigh less than a twentieth of it.
    private const int MostPeaks = 5;
    private const double ApartSeconds = 30;
    private const double Power = 4;
    private const double Lowest = 0.45;

    /// <summary>The onset of an incident that was not told; null if there are too few rows.</summary>
    public static FoundOnset? Find(Incident incident)
    {
        var table = incident.Observed;
        if (table.Rows < FewestRows)
            return null;
        var changes = new ChangeCurve(incident);
        var curve = WithSymptom(changes, incident);
        var peak = curve.Max();
        if (peak <= 0)
            return null;
        var near = Enumerable.Range(0, curve.Length).Where(row => curve[row] >= 0.95 * peak).ToArray();
        var onset = table.Times[Array.IndexOf(curve, peak)];
        var symptoms = FirstDeviation.Around(incident, onset).Count(first => first.Metric.Kind.IsSymptom() && first.Deviations >= Felt);
        return new FoundOnset(onset, table.Times[near[0]], table.Times[near[^1]], ByChance(changes, table.Rows), symptoms);
    }

    /// <summary>
    /// Times at which the incident may have begun, with weights that sum to 1, the likeliest first: peaks around the
    /// told one, as far as that may be wrong, or of the whole table.
    /// </summary>
    public static IReadOnlyList<(double Seconds, double Weight)> Candidates(Incident incident)
    {
        var table = incident.Observed;
        var curve = table.Rows < FewestRows ? [] : WithSymptom(new ChangeCurve(incident), incident);
        if (incident.Onset is { } told)
            Weigh(incident, told, curve);
        var peaks = new List<int>();
        var apart = Math.Max(ApartSeconds, table.StepSeconds);
        foreach (var row in Enumerable.Range(0, curve.Length).Where(row => curve[row] > 0).OrderByDescending(row => curve[row]).ThenBy(row => row))
        {
            if (peaks.Count == MostPeaks || (peaks.Count > 0 && curve[row] < Lowest * curve[peaks[0]]))
                break;
            if (peaks.TrueForAll(peak => Math.Abs(table.Times[peak] - table.Times[row]) >= apart))
                peaks.Add(row);
        }

        if (peaks.Count == 0)
            return incident.Onset is { } only ? [(only, 1)] : [];
        var sum = peaks.Sum(row => Math.Pow(curve[row], Power));
        return [.. peaks.Select(row => (table.Times[row], Math.Pow(curve[row], Power) / sum))];
    }

    // Never believed to be wrong by more than a quarter of the data. A peak counts the less the farther it is from the told
    // time, half at the end of what is believed and nothing beyond.
    private static void Weigh(Incident incident, double told, double[] curve)
    {
        var (table, within) = (incident.Observed, incident.OnsetWithin);
        var step = table.StepSeconds;
        var believed = Math.Min(within, (table.Times[^1] - table.Times[0]) / 4);
        // Where rows are far apart, the neighbours of the told row are possible too.
        var reach = step > within / 6 ? Math.Max(within, step / 2) + (step / 2) : believed;
        for (var row = 0; row < curve.Length; row++)
        {
            var distance = Math.Abs(table.Times[row] - told);
            curve[row] *= distance > reach ? 0 : 1 - (distance / (2 * Math.Max(within, step / 2)));
        }
    }

    private static double[] WithSymptom(ChangeCurve changes, Incident incident)
    {
        var all = Scaled(changes.Of());
        return incident.Symptom is { } symptom ? [.. all.Zip(Scaled(changes.Of(symptom)), (a, b) => a + b)] : all;
    }

    private static double[] Scaled(double[] curve) => curve.Max() is var peak && peak > 0 ? Array.ConvertAll(curve, value => value / peak) : curve;

    // Blocks keep the autocorrelation that a plain shuffle would destroy, and with it the false alarms honest.
    private static double ByChance(ChangeCurve changes, int rows)
    {
        var peak = changes.Of().Max();
        var block = Math.Max(1, rows / 12);
        var random = new Random(20260101);
        var asHigh = 0;
        for (var shuffle = 0; shuffle < Shuffles; shuffle++)
        {
            var starts = Enumerable.Range(0, (rows + block - 1) / block).Select(i => i * block).ToArray();
            random.Shuffle(starts);
            int[] order = [.. starts.SelectMany(start => Enumerable.Range(start, Math.Min(block, rows - start)))];
            if (changes.Of(order: order).Max() >= peak)
                asHigh++;
        }

        return (asHigh + 1.0) / (Shuffles + 1);
    }
}
