namespace Ops.Rca;

/// <summary>The robust local shift prior, then the walk over the call graph, then temporal order.</summary>
public sealed class ShiftWalk : IMethod
{
    // Below two deviations a shift still counts a little in the ranking, but is no reason to tell a person.
    private const double Moved = 2;

    // The walk alone lets depth in the graph win over evidence; a little of the prior beside it holds against that.
    private const double Evidence = 0.25;
    private const double Floor = 0.001;

    // Where the incident was noticed is seldom where it began.
    private const double AtSymptom = 0.5;

    // Within a service, used-up resources and time lost on the way explain latency and failures, not the reverse; and
    // what is in progress, queued or connected grows with the time to answer, one step further.
    private const double Consequence = 0.8;

    /// <inheritdoc/>
    public string Name { get; init; } = "shift-walk";

    /// <summary>True to weigh services by who moved first.</summary>
    public bool Order { get; init; }

    /// <inheritdoc/>
    /// <remarks>Networks are trained for seconds, so they are asked once.</remarks>
    public bool WeighsOnsets => Temporal is not NeuralGranger;

    /// <summary>False ranks by the prior alone: what the walk adds is the difference.</summary>
    public bool Walk { get; init; } = true;

    /// <summary>
    /// A test of temporal order whose edges the walk follows too, from effect to cause, beside the call graph or in its place;
    /// null for none. Where the test abstains, nothing changes.
    /// </summary>
    public IEdgeTest? Temporal { get; init; }

    /// <inheritdoc/>
    public Scores Score(Incident incident, double? onset)
    {
        var windows = Windows.Split(incident, onset);
        var metrics = incident.Observed.Metrics;
        var shifts = Enumerable.Range(0, metrics.Count).Select(m => ShiftPrior.Of(windows, m, metrics[m])).ToArray();
        var services = Candidates.Of(incident);
        var index = services.Select((service, i) => (service, i)).ToDictionary(pair => pair.service, pair => pair.i);
        var scores = LoneView.Weighed(metrics, Array.ConvertAll(shifts, shift => shift.Score));
        var prior = Loudest(metrics, index, scores, out var loudest);
        var edges = incident.Calls.Where(edge => edge.Caller != edge.Callee).Distinct().Select(edge => (index[edge.Caller], index[edge.Callee], 1.0)).ToList();
        if (Temporal is not null)
            edges.AddRange(InOrder(incident, onset, shifts, Temporal, index));
        var shares = Shares(prior, edges);
        if (Order)
        {
            var order = OnsetOrder.Of(incident, FirstDeviation.Around(incident, onset, windows, shifts), shifts, services);
            shares = CallGraphWalk.Normalise([.. shares.Zip(order.Services, (share, weight) => share * weight)]);
            scores = [.. scores.Zip(order.Metrics, (score, weight) => score * weight)];
            prior = Loudest(metrics, index, scores, out loudest);
        }

        var reasons = services.Where(service => loudest[index[service]] >= 0 && shifts[loudest[index[service]]].Deviations >= Moved)
            .ToDictionary(service => service, service => InWords(metrics[loudest[index[service]]], shifts[loudest[index[service]]]));
        if (Walk)
        {
            var calls = incident.Calls.Where(edge => edge.Caller != edge.Callee).Select(edge => (index[edge.Caller], index[edge.Callee]));
            (shares, var senders) = new PushedLoad(metrics, shifts, index, calls).Traced(shares);
            foreach (var (service, metric) in senders)
            {
                // Here its work is no mere sign of a fault somewhere: it counts in full.
                scores[metric] /= metrics[metric].Kind.Weight();
                prior[service] = Math.Max(prior[service], scores[metric]);
                reasons[services[service]] = $"{InWords(metrics[metric], shifts[metric])}, and what it calls got much more work";
            }
        }

        if (incident.Symptom is { } symptom && index.TryGetValue(symptom, out var noticed))
            shares[noticed] *= AtSymptom;
        return new Scores(
            services.ToDictionary(service => service, service => shares[index[service]]),
            [.. metrics.Select((metric, m) => prior[index[metric.Service]] > 0 ? shares[index[metric.Service]] * OfMetric(metric) * scores[m] / prior[index[metric.Service]] : 0)],
            reasons);
    }

    // By service: the highest of its metrics' scores, and which metric has it; -1 for none above 0.
    private static double[] Loudest(IReadOnlyList<Metric> metrics, Dictionary<string, int> index, double[] scores, out int[] loudest)
    {
        var most = new double[index.Count];
        loudest = new int[index.Count];
        Array.Fill(loudest, -1);
        for (var m = 0; m < metrics.Count; m++)
        {
            var service = index[metrics[m].Service];
            if (scores[m] > most[service])
                (most[service], loudest[service]) = (scores[m], m);
        }

        return most;
    }

    // An edge counts by how sure it is: half as much as a known call at a statistic of 4, as much at infinity.
    private static IEnumerable<(int Effect, int Cause, double Weight)> InOrder(Incident incident, double? onset, Shift[] shifts, IEdgeTest test, Dictionary<string, int> index) =>
        TemporalOrder.Of(incident, onset, [.. shifts.Select(shift => shift.Deviations >= Moved ? shift.Score : 0)], test).Edges
            .Where(edge => edge.Cause.Service != edge.Effect.Service)
            .GroupBy(edge => (edge.Effect.Service, edge.Cause.Service))
            .Select(group => (index[group.Key.Item1], index[group.Key.Item2], group.Max(edge => edge.Strength) is var sure ? sure / (sure + 4) : 0));

    private double[] Shares(double[] prior, List<(int, int, double)> edges) =>
        Walk && edges.Count > 0
            ? CallGraphWalk.Normalise([.. CallGraphWalk.Stationary(prior, edges).Zip(prior, (share, score) => share * Math.Pow(score + Floor, Evidence))])
            : CallGraphWalk.Normalise(prior);

    private static double OfMetric(Metric metric) =>
        metric.Kind is MetricKind.Latency or MetricKind.Errors or MetricKind.Availability ? Consequence : metric.IsHeldWork() ? Consequence * Consequence : 1;

    private static string InWords(Metric metric, Shift shift) =>
        $"{metric.Name} went from {shift.From:G3} to {shift.To:G3}, {Math.Min(shift.Deviations, 999):0.#}{(shift.Deviations > 999 ? "+" : "")} robust deviations";
}
