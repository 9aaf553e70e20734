using System.Globalization;

namespace Ops.Rca;

/// <summary>One suspect.</summary>
/// <param name="Rank">1 is the most suspect; equals share the middle of their places.</param>
/// <param name="Service">The service.</param>
/// <param name="Metric">The metric's name; null in a ranking of services.</param>
/// <param name="Score">The method's score.</param>
/// <param name="Reasons">Why, in words.</param>
public sealed record Cause(double Rank, string Service, string? Metric, double Score, IReadOnlyList<string> Reasons);

/// <summary>The result of one analysis.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Onset">The onset that was used, in seconds since 1970; null if the whole of the observed time counted as the incident.</param>
/// <param name="OnsetFound">How it was found, where it was not told.</param>
/// <param name="Services">Every candidate service, the most suspect first.</param>
/// <param name="Metrics">The most suspect metrics.</param>
/// <param name="Notes">What was ignored or assumed.</param>
public sealed record Analysis(
    string Method, double? Onset, FoundOnset? OnsetFound, IReadOnlyList<Cause> Services, IReadOnlyList<Cause> Metrics, IReadOnlyList<string> Notes);

/// <summary>The library's entry: an incident in, ranked causes out.</summary>
public static class RootCauseAnalysis
{
    /// <summary>Every method by its name; the first is the default.</summary>
    public static IReadOnlyList<IMethod> Methods { get; } =
        [
            new ShiftWalk { Name = "order-walk", Order = true }, new ShiftWalk(), new ShiftOnly(),
            new ShiftWalk { Name = "granger-walk", Order = true, Temporal = new LinearGranger() }, new ShiftWalk { Name = "neural-walk", Order = true, Temporal = new NeuralGranger() },
            new NSigma(), new Baro(), new EDiagnosis(), new GrangerPageRank(), new TopologyOnly(), new Indifferent(),
        ];

    /// <summary>Analyses one incident with the default method or another.</summary>
    /// <exception cref="BadInputException">The input cannot be analysed.</exception>
    public static Analysis Run(Incident incident, IMethod? method = null)
    {
        method ??= Methods[0];
        var notes = new List<string>(incident.Notes);
        var found = incident.Onset is null ? FindOnset(incident, notes) : null;
        var candidates = Likely(incident, method, found);
        if (incident.Symptom is { } symptom && !Candidates.Of(incident).Contains(symptom))
            notes.Add($"The symptom {symptom} is no service of the metrics or of the call graph; it was not used.");
        var scores = Average(candidates, onset => method.Score(incident, onset));
        return new Analysis(method.Name, candidates[0].Onset, found, RankServices(incident, scores), RankMetrics(incident, scores), notes);
    }

    private static FoundOnset? FindOnset(Incident incident, List<string> notes)
    {
        var found = OnsetSearch.Find(incident);
        if (found is null)
            notes.Add("No onset was told and there are too few rows to find one; all observed rows count as the incident.");
        else if (IsAllIncident(incident, found))
            notes.Add("No onset was told and no clear change was found; all observed rows count as the incident.");
        else if (!found.IsChange)
            notes.Add($"No clear change was found (chance {found.Probability:0.00}): there may be no incident in these metrics. The most likely time was used.");
        else if (!found.IsIncident)
            notes.Add("A change was found, but no latency, failure or availability left its usual range with it, as when only the load changes: there may be no incident in these metrics.");
        return found;
    }

    // A recording apart from its normal period may have begun after the onset. In a few rows no change is ever clear.
    private static bool IsAllIncident(Incident incident, FoundOnset found) =>
        incident.Normal is not null && incident.Observed.Rows >= 30 && !found.IsChange;

    private static IReadOnlyList<(double? Onset, double Weight)> Likely(Incident incident, IMethod method, FoundOnset? found)
    {
        if (incident.Onset is null && (found is null || IsAllIncident(incident, found)))
            return [(null, 1)];
        return method.WeighsOnsets
            ? [.. OnsetSearch.Candidates(incident).Select(candidate => ((double?)candidate.Seconds, candidate.Weight))]
            : [(incident.Onset ?? found!.Seconds, 1)];
    }

    // Each answer counts by its shares, so that one onset with large scores does not outvote the others.
    private static Scores Average(IReadOnlyList<(double? Onset, double Weight)> candidates, Func<double?, Scores> score)
    {
        var first = score(candidates[0].Onset);
        if (candidates.Count == 1)
            return first;
        var services = first.Services.Keys.ToDictionary(service => service, _ => 0.0);
        var metrics = new double[first.Metrics.Count];
        foreach (var (onset, weight) in candidates)
        {
            var scores = onset == candidates[0].Onset ? first : score(onset);
            var (ofServices, ofMetrics) = (scores.Services.Values.Sum(), scores.Metrics.Sum());
            foreach (var (service, value) in scores.Services)
                services[service] += ofServices > 0 ? weight * value / ofServices : 0;
            for (var m = 0; m < metrics.Length; m++)
                metrics[m] += ofMetrics > 0 ? weight * scores.Metrics[m] / ofMetrics : 0;
        }

        return first with { Services = services, Metrics = metrics };
    }

    private static List<Cause> RankServices(Incident incident, Scores scores)
    {
        var services = scores.Services.Keys.ToArray();
        var ranks = MidRank.Of([.. services.Select(service => scores.Services[service])]);
        return [.. services.Select((service, i) => new Cause(ranks[i], service, null, scores.Services[service], Reasons(incident, scores, service)))
            .OrderBy(cause => cause.Rank).ThenBy(cause => cause.Service, StringComparer.Ordinal)];
    }

    private static List<Cause> RankMetrics(Incident incident, Scores scores)
    {
        var ranks = MidRank.Of(scores.Metrics);
        return [.. incident.Observed.Metrics.Select((metric, m) => new Cause(ranks[m], metric.Service, metric.Name, scores.Metrics[m], []))
            .OrderBy(cause => cause.Rank).ThenBy(cause => cause.Service, StringComparer.Ordinal).ThenBy(cause => cause.Metric, StringComparer.Ordinal)];
    }

    private static IReadOnlyList<string> Reasons(Incident incident, Scores scores, string service)
    {
        var reasons = new List<string>();
        if (scores.Evidence.TryGetValue(service, out var evidence))
            reasons.Add(evidence);
        var callers = incident.Calls.Where(edge => edge.Callee == service && edge.Caller != service && scores.Evidence.ContainsKey(edge.Caller))
            .Select(edge => edge.Caller).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (reasons.Count > 0 && callers.Length > 0)
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"called by {string.Join(", ", callers.Take(3))}{(callers.Length > 3 ? $" and {callers.Length - 3} more" : "")}, which moved too"));
        return reasons;
    }
}
