using System.Globalization;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Detection;
using Ops.Healing.Goals;
using Ops.Kube;
using Ops.Llm;

namespace Ops.Operator.Healing;

/// <summary>Findings as Incidents: one for as long as the same thing is wrong with the same object.</summary>
internal sealed class IncidentBook(HealingCaches caches, Healer healer, TimeProvider time)
{
    private const string FindingLabel = ApiGroup.Name + "/finding";
    private const string RootCauseLabel = ApiGroup.Name + "/root-cause";
    private const string GoalLabel = ApiGroup.Name + "/goal";
    private const int MaxText = 512;

    /// <summary>The open incidents of a namespace.</summary>
    public IReadOnlyList<Incident> Open(string ns) =>
        [.. caches.Incidents.List().Where(one => one.Metadata.NamespaceProperty == ns && one.Status?.Phase != IncidentPhases.Resolved)];

    /// <summary>The finding that an incident tells of.</summary>
    public static bool IsAbout(Incident incident, Finding finding) => KeyOf(incident) == finding.Key;

    /// <summary>What is and was done for incidents of the root-cause service and for goals. A plan that was refused has touched nothing.</summary>
    public static IReadOnlyList<Repair> Repairs(string ns, HealingCaches caches)
    {
        var repairs = new List<Repair>();
        var misses = Misses(ns, caches);
        foreach (var plan in caches.Remediations.List().Where(one => one.Metadata.NamespaceProperty == ns && one.Status?.Phase != RemediationPhases.Refused))
        {
            if (caches.Incidents.Get(ns, plan.Spec.Incident) is not { Status.Causes: [{ Reasons: [var cause] } first] } incident)
                continue;
            var (rootCause, goal, phase) = (Label(incident, RootCauseLabel), Label(incident, GoalLabel), plan.Status?.Phase);
            if (rootCause is null && !Causes.IsOfGoal(cause))
                continue;
            var ended = RemediationPhases.IsFinal(phase) ? plan.Status!.FinishedAt : null;
            repairs.Add(new(first.Target.Name, cause, ended, phase is RemediationPhases.RolledBack or RemediationPhases.Failed, rootCause)
            {
                Goal = goal,
                Actions = [.. plan.Spec.Actions.Select(action => action.Type)],
                MissedUntil = goal is not null && ended is { } end ? Lasting.MissedUntil(end, misses[(goal, first.Target.Name)]) : null,
            });
        }

        return repairs;
    }

    /// <summary>The goal that a plan was made for, its key, and the incidents of that goal at the same workload; null where it was made for none.</summary>
    public static (string Goal, IEnumerable<Incident> Misses)? GoalOf(Remediation plan, HealingCaches caches)
    {
        var ns = plan.Metadata.NamespaceProperty;
        return caches.Incidents.Get(ns, plan.Spec.Incident) is { Status.Causes: [var first, ..] } incident && Label(incident, GoalLabel) is { } goal
            ? (goal, Misses(ns, caches)[(goal, first.Target.Name)]) : null;
    }

    private static ILookup<(string? Goal, string? Workload), Incident> Misses(string ns, HealingCaches caches) => caches.Incidents.List()
        .Where(one => one.Metadata.NamespaceProperty == ns && Label(one, GoalLabel) is not null)
        .ToLookup(one => (Label(one, GoalLabel), one.Status?.Causes is [var first, ..] ? first.Target.Name : null));

    /// <summary>Opens an incident, or gives the open one.</summary>
    /// <param name="ns">The namespace.</param>
    /// <param name="finding">What is wrong.</param>
    /// <param name="onset">When it began, or null where nothing tells.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<Incident> OpenAsync(string ns, Finding finding, DateTime? onset, CancellationToken cancellationToken)
    {
        var all = caches.Incidents.List().Where(one => one.Metadata.NamespaceProperty == ns && KeyOf(one) == finding.Key).OrderBy(Number).ToList();
        var last = all.LastOrDefault();
        if (last is { Status: { Phase: IncidentPhases.Open } })
            return last;
        // The name is the same on every try, so that a lagging cache makes no second incident.
        var number = last is null ? 1 : Number(last) + (last.Status is null ? 0 : 1);
        var name = string.Create(CultureInfo.InvariantCulture, $"{finding.Kind.ToLowerInvariant()}-{Short(finding.Name)}-{finding.Key[..8]}-{number}");
        var labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByHealing, [FindingLabel] = finding.Key };
        if (finding.RootCause is { } rootCause)
            labels[RootCauseLabel] = rootCause;
        if (finding.Goal is { } goal)
            labels[GoalLabel] = goal;
        var intent = new Incident { Metadata = new() { Name = name, NamespaceProperty = ns, Labels = labels }, Spec = new() { Type = IncidentTypes.Configuration } };
        var made = (await healer.Writer.ApplyAsync(intent, null, cancellationToken)).Object!;
        var status = Status(ns, finding, onset);
        if (onset is { } began)
            HealingMetrics.Detected(finding.Cause, status.DetectedAt!.Value - began);
        return await WriteAsync(made, status, cancellationToken);
    }

    /// <summary>Says that what was wrong is not any more.</summary>
    public Task ResolveAsync(Incident incident, CancellationToken cancellationToken) => WriteAsync(
        incident,
        (incident.Status ?? new()) with { Phase = IncidentPhases.Resolved, ResolvedAt = time.GetUtcNow().UtcDateTime },
        cancellationToken);

    /// <summary>Says why there is no plan for an incident; the same sentence is written once.</summary>
    public async Task SayNoPlanAsync(Incident incident, string why, CancellationToken cancellationToken)
    {
        var text = TaintedText.Clean(why, 1024);
        if (incident.Status?.NoPlan == text)
            return;
        await WriteAsync(incident, (incident.Status ?? new()) with { NoPlan = text }, cancellationToken);
        healer.Events.Warning(incident, "NoPlan", text);
    }

    private async Task<Incident> WriteAsync(Incident incident, IncidentStatus status, CancellationToken cancellationToken)
    {
        var intent = new Incident { Metadata = new() { Name = incident.Metadata.Name, NamespaceProperty = incident.Metadata.NamespaceProperty }, Status = status };
        return (await healer.Writer.ApplyStatusAsync(intent, incident, cancellationToken)).Object ?? incident;
    }

    private IncidentStatus Status(string ns, Finding finding, DateTime? onset)
    {
        var target = new IncidentTarget { Namespace = ns, Name = finding.Name };
        var now = time.GetUtcNow().UtcDateTime;
        return new()
        {
            Phase = IncidentPhases.Open,
            Symptom = TaintedText.Clean($"{finding.Kind} {ns}/{finding.Name}: {finding.Cause}", MaxText),
            Cause = $"{ns}/{finding.Name}",
            Reason = $"{finding.Cause}: {finding.Evidence}",
            DetectedAt = now,
            Onset = onset ?? now,
            Causes = [new() { Rank = 1, Target = target, Reasons = [finding.Cause] }],
        };
    }

    private static string? KeyOf(Incident incident) => Label(incident, FindingLabel);

    private static string? Label(Incident incident, string name) => incident.Metadata.Labels?.TryGetValue(name, out var value) == true ? value : null;

    private static int Number(Incident incident) =>
        int.TryParse(incident.Metadata.Name[(incident.Metadata.Name.LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    // Room for the kind, the key and the number below 253 characters, and a name that ends in a letter.
    private static string Short(string name) => name.Length <= 150 ? name : name[..150].TrimEnd('-', '.');
}
