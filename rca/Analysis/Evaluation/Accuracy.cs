namespace Ops.Rca;

/// <summary>How often a method named the true cause.</summary>
/// <param name="Cases">Cases with a truth at this level.</param>
/// <param name="At1">AC@1: share of cases with the true cause first.</param>
/// <param name="At3">AC@3.</param>
/// <param name="At5">AC@5.</param>
/// <param name="Average5">Avg@5: mean of AC@1 to AC@5.</param>
/// <param name="Low">Lower end of the 95 % bootstrap interval of Avg@5.</param>
/// <param name="High">Its upper end.</param>
public sealed record Accuracy(int Cases, double At1, double At3, double At5, double Average5, double Low, double High)
{
    private const int Resamples = 2000;

    /// <summary>
    /// From the places of the true causes: the first and the last place of those that have its score. A tie that
    /// straddles place k counts by the share of it within k, which is what a fair draw would give on average.
    /// </summary>
    public static Accuracy From(IReadOnlyList<(int First, int Last)> places)
    {
        if (places.Count == 0)
            return new Accuracy(0, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);
        var each = places.Select(place => Enumerable.Range(1, 5).Average(k => Within(place, k))).ToArray();
        var random = new Random(20260102);
        var means = Enumerable.Range(0, Resamples).Select(_ => Enumerable.Range(0, each.Length).Average(_ => each[random.Next(each.Length)])).Order().ToArray();
        return new Accuracy(
            places.Count, places.Average(place => Within(place, 1)), places.Average(place => Within(place, 3)), places.Average(place => Within(place, 5)),
            each.Average(), Statistics.Quantile(means, 0.025), Statistics.Quantile(means, 0.975));
    }

    /// <summary>The places of the true service; last of all if it is no candidate.</summary>
    public static (int First, int Last) PlaceOfService(Analysis analysis, string service) => Place(analysis.Services, cause => cause.Service == service);

    /// <summary>The places of the best metric of the true service whose name begins as told; several beginnings are separated by |.</summary>
    public static (int First, int Last) PlaceOfMetric(Analysis analysis, string service, string prefix)
    {
        var prefixes = prefix.Split('|');
        return Place(analysis.Metrics, cause => cause.Service == service && Array.Exists(prefixes, one => cause.Metric!.StartsWith(one, StringComparison.OrdinalIgnoreCase)));
    }

    private static (int First, int Last) Place(IReadOnlyList<Cause> causes, Func<Cause, bool> isTrue)
    {
        var truth = causes.FirstOrDefault(isTrue);
        if (truth is null)
            return (int.MaxValue, int.MaxValue);
        var first = causes.Count(cause => cause.Rank < truth.Rank) + 1;
        return (first, first + causes.Count(cause => cause.Rank == truth.Rank) - 1);
    }

    private static double Within((int First, int Last) place, int k) =>
        place.First > k ? 0 : Math.Min(1, (k - place.First + 1) / ((double)place.Last - place.First + 1));
}
