namespace Ops.Rca;

/// <summary>The three stretches of time that are compared: the incident, the minutes before it and a long reference.</summary>
internal sealed class Windows
{
    // A told onset may be wrong by a minute. At fine sampling that minute, or less where it is told better, is left out of the
    // reference, so that a late report cannot contaminate it; never more than a quarter of what there is.
    private const double GuardSeconds = 90;
    private const double BeforeSeconds = 600;

    // Five minutes show a fault; what moves later is aftermath or repair, and dilutes the median of a short fault.
    private const double IncidentSeconds = 300;

    private readonly Incident _incident;
    private readonly int[] _during;
    private readonly int[] _before;
    private readonly int[] _history;
    private readonly Dictionary<(string, string), int> _normal = [];

    private Windows(Incident incident, int[] during, int[] before, int[] history)
    {
        (_incident, _during, _before, _history) = (incident, during, before, history);
        if (incident.Normal is { } normal)
            for (var m = 0; m < normal.Metrics.Count; m++)
                _normal[(normal.Metrics[m].Service, normal.Metrics[m].Name)] = m;
    }

    /// <summary>Splits at the onset; without one, everything observed counts as the incident and the reference is the normal period.</summary>
    /// <exception cref="BadInputException">Nothing is left to compare with, or the onset lies outside the data.</exception>
    public static Windows Split(Incident incident, double? onset)
    {
        var table = incident.Observed;
        if (onset is not { } at)
            return incident.Normal is null
                ? throw new BadInputException("There is no normal period, no onset was told and none was found, so there is nothing to compare with.")
                : new Windows(incident, table.RowsWhere(_ => true), [], []);
        var step = double.IsNaN(table.StepSeconds) ? 0 : table.StepSeconds;
        if (at < table.Times[0] - step || at > table.Times[^1] + step)
            throw new BadInputException($"The onset {at:0} lies outside the data, which reaches from {table.Times[0]:0} to {table.Times[^1]:0}.");
        // Rows far apart are named by the start of the interval that they sum up, so a row whose interval lies mostly after
        // the onset belongs to the incident.
        var early = step > GuardSeconds ? step / 2 : 0;
        var during = table.RowsWhere(time => time >= at - early && time <= at + Math.Max(IncidentSeconds, 2 * step));
        if (during.Length == 0)
            during = [table.Rows - 1];
        var history = Enumerable.Range(0, during[0]).ToArray();
        // The row whose interval holds the rest of the onset belongs to neither side, if another row is left.
        var guard = step > GuardSeconds ? history.Length > 1 && table.Times[history[^1]] > at - step ? 1 : 0 : Math.Min((int)(Math.Min(GuardSeconds, incident.OnsetWithin) / Math.Max(step, 1e-9)), history.Length / 4);
        history = history[..^guard];
        if (history.Length == 0 && incident.Normal is null)
            throw new BadInputException("There is no row before the onset and no normal period, so there is nothing to compare with.");
        var before = history.Where(row => table.Times[row] >= at - GuardSeconds - BeforeSeconds).ToArray();
        return new Windows(incident, during, before, history);
    }

    /// <summary>Rows of the incident.</summary>
    public int IncidentRows => _during.Length;

    /// <summary>Rows before it, at most ten minutes.</summary>
    public int BeforeRows => _before.Length;

    /// <summary>Values during the incident.</summary>
    public double[] During(int metric) => Pick(metric, _during);

    /// <summary>Values in the minutes before.</summary>
    public double[] Before(int metric) => Pick(metric, _before);

    /// <summary>Values of the long reference: the normal period if it knows the metric, else all that was before.</summary>
    public double[] Reference(int metric)
    {
        var key = _incident.Observed.Metrics[metric];
        return _incident.Normal is { } normal && _normal.TryGetValue((key.Service, key.Name), out var index)
            ? normal.Columns[index]
            : Pick(metric, _history);
    }

    private double[] Pick(int metric, int[] rows)
    {
        var column = _incident.Observed.Columns[metric];
        return Array.ConvertAll(rows, row => column[row]);
    }
}
