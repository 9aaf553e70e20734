namespace Ops.Rca;

/// <summary>
/// Work that was pushed onto a service. One that gets at least twice its usual work is slow because of whoever sends it: what
/// speaks against it is followed up the calls, through callers whose work grew as clearly, to one that no such caller explains.
/// Without this the database is named that a batch job floods: it moves in the same second, and further.
/// </summary>
internal sealed class PushedLoad
{
    // A surge and a scrape of few requests scatter too, so both must be clear: the factor, and the distance from the usual range.
    private const double Least = 2;
    private const double Deviations = 5;

    // The flooded keeps some of its share: it may be at fault as well.
    private const double Kept = 0.3;

    private readonly (int Metric, double Factor)[] _grown;
    private readonly ILookup<int, int> _callers;

    /// <param name="metrics">The observed metrics.</param>
    /// <param name="shifts">By metric: how far it moved.</param>
    /// <param name="index">The services' places.</param>
    /// <param name="calls">Caller and callee by place.</param>
    public PushedLoad(IReadOnlyList<Metric> metrics, Shift[] shifts, Dictionary<string, int> index, IEnumerable<(int Caller, int Callee)> calls)
    {
        _callers = calls.ToLookup(call => call.Callee, call => call.Caller);
        _grown = new (int, double)[index.Count];
        for (var m = 0; m < metrics.Count; m++)
        {
            ref var most = ref _grown[index[metrics[m].Service]];
            if (metrics[m].Kind == MetricKind.Load && shifts[m] is { Deviations: >= Deviations, From: > 0 } shift && shift.To / shift.From is var factor && factor >= Least && factor > most.Factor)
                most = (m, factor);
        }
    }

    /// <summary>The shares after what speaks against flooded services went to where their work comes from.</summary>
    /// <param name="shares">By service.</param>
    /// <returns>The new shares, and by sender the metric of its work.</returns>
    public (double[] Shares, IReadOnlyDictionary<int, int> Senders) Traced(double[] shares)
    {
        var after = (double[])shares.Clone();
        var senders = new Dictionary<int, int>();
        for (var service = 0; service < shares.Length; service++)
        {
            var sender = Sender(service);
            if (sender == service)
                continue;
            after[service] -= (1 - Kept) * shares[service];
            after[sender] += (1 - Kept) * shares[service];
            senders[sender] = _grown[sender].Metric;
        }

        return (after, senders);
    }

    // Of several such callers the one whose work grew most; calls may go in circles.
    private int Sender(int service)
    {
        if (_grown[service].Factor == 0)
            return service;
        var seen = new HashSet<int> { service };
        while (_callers[service].Where(caller => _grown[caller].Factor > 0 && !seen.Contains(caller)).OrderByDescending(caller => _grown[caller].Factor).ThenBy(caller => caller).Cast<int?>().FirstOrDefault() is { } caller)
        {
            seen.Add(caller);
            service = caller;
        }

        return service;
    }
}
