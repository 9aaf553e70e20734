using Ops.Api;
using Ops.Rca.Service.Detection;
using Ops.Rca.Service.Security;
using Ops.Rca.Service.Topology;

namespace Ops.Rca.Service.Incidents;

/// <summary>How symptoms become incidents.</summary>
/// <param name="StepSeconds">Between two rounds.</param>
internal sealed record TrackerOptions(double StepSeconds)
{
    /// <summary>A fault shows itself deeper in the call graph within this time of its first symptom: 2 minutes, at least 8 rounds.</summary>
    public double YoungSeconds => Math.Max(120, 8 * StepSeconds);

    /// <summary>Symptoms that begin within this time of each other have one cause, if calls connect their services: 3 rounds, at least 15 s.</summary>
    public double TogetherSeconds => Math.Max(15, 3 * StepSeconds);

    /// <summary>An incident closes when its last symptom has been gone for this time: 2 minutes, at least 8 rounds.</summary>
    public double ClearSeconds => Math.Max(120, 8 * StepSeconds);

    /// <summary>A symptom that stays alone opens an incident only when it has lasted this long: 4 rounds. Two that belong together do at once.</summary>
    public double AloneSeconds => 4 * StepSeconds;

    /// <summary>Incidents that are open at a time; more symptoms than that are one large trouble, and join what is there. Default 20.</summary>
    public int MostOpen { get; init; } = 20;
}

/// <summary>
/// Sorts symptoms into incidents: one incident for one fault. A symptom belongs to an incident if its service is already
/// in it, or calls a service that is (its victim), or is called by one while the incident is young (closer to the
/// cause), or moved at the same moment and calls connect the two. What belongs to none opens its own.
/// </summary>
internal sealed class IncidentTracker(TrackerOptions options)
{
    private readonly List<TrackedIncident> open = [];
    private readonly HashSet<string> names = [];

    /// <summary>Incidents that are open.</summary>
    public IReadOnlyList<TrackedIncident> Open => open;

    /// <summary>Takes up an incident that was open before a restart.</summary>
    public void Restore(TrackedIncident incident)
    {
        if (names.Add(incident.Name))
            open.Add(incident);
    }

    /// <summary>Takes the movements of one round.</summary>
    /// <returns>Incidents that were opened or closed by it.</returns>
    public IReadOnlyList<TrackedIncident> Take(double now, IReadOnlyList<Movement> movements, CallGraph graph)
    {
        var changed = new List<TrackedIncident>();
        var waiting = new List<Movement>();
        var lasting = new HashSet<TrackedIncident>();
        foreach (var symptom in movements.Where(movement => movement.IsSymptom).OrderBy(movement => movement.Since))
        {
            var home = open.Find(incident => incident.Has(symptom)) ?? Home(symptom, now, graph);
            if (home is null)
                waiting.Add(symptom);
            else
            {
                home.Add(symptom);
                lasting.Add(home);
            }
        }

        while (waiting.Count > 0)
            if (Begin(waiting, now, graph) is { } incident)
            {
                changed.Add(incident);
                lasting.Add(incident);
            }

        changed.AddRange(Close(now, IncidentTypes.Performance, lasting.Contains));
        return changed;
    }

    /// <summary>
    /// Takes what belongs to another cause out of an incident, into one of its own. Not before the incident has lasted long
    /// enough for the way between its services to show.
    /// </summary>
    /// <param name="incident">An open incident.</param>
    /// <param name="services">Services that the incident's own cause does not explain.</param>
    /// <param name="now">Seconds since 1970.</param>
    /// <returns>The new incident; null if nothing was parted.</returns>
    public TrackedIncident? Part(TrackedIncident incident, IReadOnlySet<string> services, double now)
    {
        if (now - incident.Detected < options.AloneSeconds || open.Count >= options.MostOpen || incident.Part(services) is not { Count: > 0 } symptoms)
            return null;
        var parted = new TrackedIncident(NameOf(symptoms[0].Signal.Metric.Service, now), incident.Type, now);
        foreach (var symptom in symptoms)
            parted.Add(symptom);
        open.Add(parted);
        return parted;
    }

    /// <summary>Services that only other open incidents explain: those of theirs that neither are in this one nor call a service of it.</summary>
    public IReadOnlySet<string> Foreign(TrackedIncident incident, CallGraph graph) => open
        .Where(other => other != incident && other.Type == IncidentTypes.Performance).SelectMany(other => other.Services)
        .Where(service => !incident.Services.Contains(service) && !incident.Services.Any(member => graph.IsUpstream(service, member))).ToHashSet();

    /// <summary>Takes the suspicions of one round: one incident of type security for each workload.</summary>
    /// <returns>Incidents that were opened or closed by it.</returns>
    public IReadOnlyList<TrackedIncident> TakeSuspicions(double now, IReadOnlyList<Suspicion> suspicions)
    {
        var changed = new List<TrackedIncident>();
        foreach (var suspicion in suspicions)
        {
            var incident = open.Find(other => other.Type == IncidentTypes.Security && other.Services.Contains(suspicion.Service));
            if (incident is null && open.Count < options.MostOpen)
            {
                incident = new TrackedIncident(NameOf(suspicion.Service, now), IncidentTypes.Security, now);
                open.Add(incident);
                changed.Add(incident);
            }

            if (incident is null)
                continue;
            foreach (var sign in suspicion.Signs)
                incident.Add(sign);
            incident.Suspicion ??= suspicion.Words;
        }

        changed.AddRange(Close(now, IncidentTypes.Security, incident => suspicions.Any(suspicion => incident.Services.Contains(suspicion.Service))));
        return changed;
    }

    private TrackedIncident? Home(Movement symptom, double now, CallGraph graph)
    {
        var service = symptom.Signal.Metric.Service;
        var candidates = open.Where(incident => incident.Type == IncidentTypes.Performance);
        return candidates.FirstOrDefault(incident => incident.Services.Contains(service))
            ?? candidates.FirstOrDefault(incident => incident.Services.Any(member => graph.IsUpstream(service, member)))
            ?? candidates.FirstOrDefault(incident => symptom.Since - incident.Onset <= options.YoungSeconds && incident.Services.Any(member => graph.IsUpstream(member, service)))
            ?? candidates.FirstOrDefault(incident => Math.Abs(symptom.Since - incident.Onset) <= options.TogetherSeconds && incident.Services.Any(member => graph.AreConnected(member, service)))
            ?? (open.Count >= options.MostOpen ? open.MaxBy(incident => incident.Onset) : null);
    }

    // Takes the earliest symptom and all that belong to it out of the waiting; an incident if they are enough.
    private TrackedIncident? Begin(List<Movement> waiting, double now, CallGraph graph)
    {
        var group = new List<Movement> { waiting[0] };
        waiting.RemoveAt(0);
        for (var grew = true; grew;)
        {
            var more = waiting.Where(other => group.Exists(member => Together(member, other, graph))).ToList();
            grew = more.Count > 0;
            group.AddRange(more);
            waiting.RemoveAll(more.Contains);
        }

        if (group.Count < 2 && now - group[0].Since < options.AloneSeconds)
            return null;
        var incident = new TrackedIncident(NameOf(group[0].Signal.Metric.Service, now), IncidentTypes.Performance, now);
        foreach (var symptom in group)
            incident.Add(symptom);
        open.Add(incident);
        return incident;
    }

    private bool Together(Movement one, Movement other, CallGraph graph)
    {
        var (first, second, apart) = (one.Signal.Metric.Service, other.Signal.Metric.Service, Math.Abs(one.Since - other.Since));
        return first == second
            || (apart <= options.YoungSeconds && (graph.IsUpstream(first, second) || graph.IsUpstream(second, first)))
            || (apart <= options.TogetherSeconds && graph.AreConnected(first, second));
    }

    private List<TrackedIncident> Close(double now, string type, Func<TrackedIncident, bool> lasts)
    {
        var closed = new List<TrackedIncident>();
        foreach (var incident in open.Where(incident => incident.Type == type))
        {
            incident.QuietSince = lasts(incident) ? null : incident.QuietSince ?? now;
            if (incident.QuietSince is { } since && now - since >= options.ClearSeconds)
            {
                incident.Resolved = now;
                closed.Add(incident);
            }
        }

        open.RemoveAll(closed.Contains);
        return closed;
    }

    /// <summary>A name that no incident of this process had: the service's own name and the time, for example catalog-1125-084501.</summary>
    public string NameOf(string service, double now)
    {
        var plain = new string([.. service[(service.LastIndexOf('/') + 1)..].ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-').Take(40)]).Trim('-');
        var name = $"{(plain.Length == 0 ? "incident" : plain)}-{DateTimeOffset.FromUnixTimeSeconds((long)now):MMdd-HHmmss}";
        // Names carry the second, so only those of now can meet.
        if (names.Count > 1000)
            names.Clear();
        for (var i = 2; !names.Add(name); i++)
            name = $"{name.Split('.')[0]}.{i}";
        return name;
    }
}
