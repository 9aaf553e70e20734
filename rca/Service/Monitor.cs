using Ops.Api;
using Ops.Rca.Service.Detection;
using Ops.Rca.Service.Incidents;
using Ops.Rca.Service.Security;
using Ops.Rca.Service.Topology;
using Ops.Rca.Sources;

namespace Ops.Rca.Service;

/// <summary>
/// What the service knows, and what a round adds to it: raw samples -> signals -> history -> movements -> incidents.
/// No I/O and no clock: a round is data, and so is what comes of it.
/// </summary>
internal sealed class Monitor(double stepSeconds, LabelMapping mapping, SignalLimits? limits = null)
{
    private readonly SignalBuilder builder = new(mapping, limits);
    private readonly SecurityDetector security = new();
    private ShiftDetector? detector;

    /// <summary>The last values.</summary>
    public SignalHistory History { get; } = new(SignalHistory.RowsFor(stepSeconds));

    /// <summary>The incidents.</summary>
    public IncidentTracker Tracker { get; } = new(new TrackerOptions(stepSeconds));

    /// <summary>What has moved.</summary>
    public IReadOnlyList<Movement> Moved => Detector.Moved;

    /// <summary>Who calls whom.</summary>
    public CallGraph Graph { get; private set; } = CallGraph.Empty;

    /// <summary>Signals that are watched.</summary>
    public int Signals => builder.Signals.Count;

    /// <summary>Share of the signals whose normal range is known, 0..1.</summary>
    public double References => Detector.Ready;

    private ShiftDetector Detector => detector ??= new(History);

    /// <summary>Takes up an incident that was open before a restart, and what its metrics were before it.</summary>
    public void Restore(TrackedIncident incident)
    {
        Tracker.Restore(incident);
        foreach (var symptom in incident.Symptoms)
            Detector.Remembered.TryAdd((symptom.Signal.Metric.Service, symptom.Signal.Metric.Name), symptom);
    }

    /// <summary>Takes a round.</summary>
    /// <returns>Incidents that were opened or closed by it.</returns>
    public IReadOnlyList<TrackedIncident> Take(SampleRound round)
    {
        var row = builder.Take(round);
        History.Append(round.Seconds, builder.Signals, row);
        Detector.Take();
        if (!ReferenceEquals(Graph.Calls, builder.Calls))
            Graph = new CallGraph(builder.Calls);
        return
        [
            .. Tracker.Take(round.Seconds, Moved, Graph),
            .. Tracker.TakeSuspicions(round.Seconds, security.Take(round.Seconds, builder.Signals, builder.Calls, Moved)),
        ];
    }

    /// <summary>
    /// Incidents whose ranking is due: at once, and then after growing times, since each further row says more; when a
    /// service joins, in the next round. Once its symptoms are gone, or ten minutes after the onset, the ranking stands: what
    /// moves later is repair.
    /// </summary>
    public IReadOnlyList<TrackedIncident> Due(double now)
    {
        var due = Tracker.Open.Where(incident =>
            incident is { Type: IncidentTypes.Performance, IsMuted: false, QuietSince: null } && now - incident.Onset <= 600 && (incident.Grew || now >= incident.NextAnalysis)).ToList();
        foreach (var incident in due)
        {
            incident.Grew = false;
            incident.NextAnalysis = now + Math.Max(2 * stepSeconds, (now - incident.Detected) / 2);
        }

        return due;
    }

    /// <summary>The library's input for an incident; null if there is nothing to compare with.</summary>
    public Incident? InputOf(TrackedIncident incident) => IncidentAnalyst.InputOf(incident, History, Detector, Graph, Tracker.Foreign(incident, Graph));

    /// <summary>Opens an incident of its own for what an analysis found to have another cause.</summary>
    /// <returns>The incidents that were opened by it.</returns>
    public IReadOnlyList<TrackedIncident> Part(TrackedIncident incident, AnalysedIncident analysed, double now) =>
        [.. analysed.Unexplained.Select(services => Tracker.Part(incident, services, now)).OfType<TrackedIncident>()];
}
