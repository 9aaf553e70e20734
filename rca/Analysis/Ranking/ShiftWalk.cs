namespace Ops.Rca;

/// <summary>The default: the robust local shift prior, then the walk over the call graph.</summary>
public sealed class ShiftWalk : IMethod
{
    // Below two deviations a shift still counts a little in the ranking, but is no reason to tell a person.
    private const double Moved = 2;

    /// <inheritdoc/>
    public string Name => "shift-walk";

    /// <inheritdoc/>
    public bool WeighsOnsets => true;

    /// <summary>False ranks by the prior alone: what the walk adds is the difference.</summary>
    public bool Walk { get; init; } = true;

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var windows = Windows.Split(incident, onset);
        var metrics = incident.Observed.Metrics;
        var shifts = Enumerable.Range(0, metrics.Count).Select(m => ShiftPrior.Of(windows, m, metrics[m].Kind)).ToArray();
        var services = Candidates.Of(incident);
        var index = services.Select((service, i) => (service, i)).ToDictionary(pair => pair.service, pair => pair.i);
        var prior = new double[services.Length];
        var loudest = new int[services.Length];
        Array.Fill(loudest, -1);
        for (var m = 0; m < metrics.Count; m++)
        {
            var service = index[metrics[m].Service];
            if (shifts[m].Score > prior[service])
                (prior[service], loudest[service]) = (shifts[m].Score, m);
        }

        var edges = incident.Calls.Where(edge => edge.Caller != edge.Callee).Distinct().Select(edge => (index[edge.Caller], index[edge.Callee], 1.0)).ToArray();
        var shares = Walk && edges.Length > 0 ? CallGraphWalk.Stationary(prior, edges) : CallGraphWalk.Normalise(prior);
        return new Scores(
            services.ToDictionary(service => service, service => shares[index[service]]),
            [.. metrics.Select((metric, m) => prior[index[metric.Service]] > 0 ? shares[index[metric.Service]] * shifts[m].Score / prior[index[metric.Service]] : 0)],
            services.Where(service => loudest[index[service]] >= 0 && shifts[loudest[index[service]]].Deviations >= Moved).ToDictionary(service => service, service => InWords(metrics[loudest[index[service]]], shifts[loudest[index[service]]])));
    }

    private static string InWords(Metric metric, Shift shift) =>
        $"{metric.Name} went from {shift.From:G3} to {shift.To:G3}, {Math.Min(shift.Deviations, 999):0.#}{(shift.Deviations > 999 ? "+" : "")} robust deviations";
}
