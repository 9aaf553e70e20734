using Ops.Rca.Service.Incidents;
using Ops.Rca.Sources;
using Monitor = Ops.Rca.Service.Monitor;

namespace Ops.Bench.Incidents;

/// <summary>
/// Takes rounds that a service read through what that service does with them: the same detection, incidents and rankings,
/// without cluster, clock and noise, in a second.
/// </summary>
internal static class Replay
{
    /// <summary>Every ranking that is made after a moment, and for each round which causes the incidents name then.</summary>
    /// <param name="rounds">The oldest first.</param>
    /// <param name="since">When the fault was injected, in seconds since 1970.</param>
    /// <param name="ranked">Told each ranking.</param>
    public static IReadOnlyList<Naming> Run(IReadOnlyList<SampleRound> rounds, double since, Action<double, TrackedIncident, AnalysedIncident>? ranked = null)
    {
        var step = rounds.Zip(rounds.Skip(1), (a, b) => b.Seconds - a.Seconds).Order().ElementAt(rounds.Count / 2);
        var monitor = new Monitor(Math.Round(step), new LabelMapping());
        var causes = new Dictionary<TrackedIncident, string>();
        var told = new List<Naming>();
        foreach (var round in rounds)
        {
            monitor.Take(round);
            foreach (var incident in monitor.Due(round.Seconds))
                if (monitor.InputOf(incident) is { } input)
                {
                    var analysed = IncidentAnalyst.Run(input, monitor.Moved);
                    causes[incident] = analysed.Ranking.Services[0].Service;
                    monitor.Part(incident, analysed, round.Seconds);
                    ranked?.Invoke(round.Seconds - since, incident, analysed);
                }

            if (round.Seconds > since)
                told.Add(new(round.Seconds - since, [.. monitor.Tracker.Open.Where(causes.ContainsKey).Select(incident => causes[incident])]));
        }

        return told;
    }
}

/// <summary>What the incidents of a fault name at one time.</summary>
/// <param name="Seconds">Since the injection.</param>
/// <param name="Causes">The first cause of each open incident that came since; empty before there is one.</param>
internal sealed record Naming(double Seconds, IReadOnlyList<string> Causes);

/// <summary>How a fault was named.</summary>
/// <param name="Detected">Seconds from the injection until there is a ranked incident; not a number for never.</param>
/// <param name="Named">Until one names the service at fault; not a number for never.</param>
/// <param name="Kept">Until one names it and goes on to do so to the end; not a number where none does at the end.</param>
/// <param name="AtEnd">What the incidents name at the end.</param>
internal sealed record Outcome(double Detected, double Named, double Kept, IReadOnlyList<string> AtEnd)
{
    /// <summary>Within how many seconds a cause has to be named, and kept.</summary>
    public const double Limit = 60;

    /// <summary>Reads it from what was named until the limit.</summary>
    public static Outcome Of(IEnumerable<Naming> namings, string service)
    {
        var within = namings.Where(naming => naming.Seconds <= Limit).OrderBy(naming => naming.Seconds).ToList();
        var right = within.ConvertAll(naming => naming.Causes.Contains(service));
        var wrong = right.LastIndexOf(false);
        return new(
            First(within.FindIndex(naming => naming.Causes.Count > 0)), First(right.IndexOf(true)), First(wrong + 1), within.Count > 0 ? within[^1].Causes : []);

        double First(int index) => index >= 0 && index < within.Count ? within[index].Seconds : double.NaN;
    }
}
