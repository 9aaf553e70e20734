namespace Ops.Rca;

/// <summary>
/// A control without a fault: each case's window is replaced by a random one of the same shape from its normal period,
/// and everything else stays, the "truth" too. A method that still names the truth owes that to names, place or luck.
/// </summary>
public static class Placebo
{
    private const int Tries = 50;

    /// <summary>As many placebos as wanted; none where no normal period is long enough.</summary>
    public static IReadOnlyList<LabelledIncident> From(IReadOnlyList<LabelledIncident> cases, int count, int seed)
    {
        var random = new Random(seed);
        var able = cases.Where(labelled => labelled.Incident is { Normal: { } normal, Onset: not null } incident && normal.Rows > 4 * incident.Observed.Rows).ToArray();
        return able.Length == 0 ? [] : [.. Enumerable.Range(0, count).Select(i => Draw(able[i % able.Length], random)).OfType<LabelledIncident>()];
    }

    private static LabelledIncident? Draw(LabelledIncident labelled, Random random)
    {
        var incident = labelled.Incident;
        var normal = incident.Normal!;
        var rows = incident.Observed.Rows;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var start = random.Next(normal.Rows - rows);
            var window = Enumerable.Range(start, rows).ToArray();
            // A normal period that was cut out of a longer one has holes; a window must not reach across one.
            if (normal.Times[window[^1]] - normal.Times[start] > (rows + 1) * normal.StepSeconds)
                continue;
            return labelled with
            {
                Incident = incident with
                {
                    Name = $"placebo of {incident.Name}",
                    Observed = normal.Take(window),
                    Normal = normal.Take([.. Enumerable.Range(0, normal.Rows).Where(row => row < start || row >= start + rows)]),
                    Onset = normal.Times[start] + (incident.Onset!.Value - incident.Observed.Times[0]),
                },
            };
        }

        return null;
    }
}
