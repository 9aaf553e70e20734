using System.Globalization;
using System.Net;
using Ops.Api;
using Ops.Healing.Detection;
using Ops.Healing.Executing;
using Ops.Healing.Planning;
using Ops.Kube;

namespace Ops.Operator.Healing;

/// <summary>Plans as Remediations: one at a time for an incident, and not the same one for ever.</summary>
internal sealed class PlanMaker(HealingCaches caches, Healer healer, TimeProvider time)
{
    // Tries an incident gets; then it is a person's. The waits between them are 10 and 20 s.
    private const int MaxAttempts = 3;
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(10);

    private readonly ActionExecutor executor = new(healer.Objects);

    /// <summary>Whether a plan for the incident is on its way.</summary>
    public bool IsActive(Incident incident) => Of(incident).Any(one => !RemediationPhases.IsFinal(one.Status?.Phase));

    /// <summary>Whether it is time for a plan: none is on its way, not enough were tried, and the last was not a moment ago.</summary>
    public bool IsDue(Incident incident)
    {
        var tried = Of(incident);
        if (tried.Any(one => !RemediationPhases.IsFinal(one.Status?.Phase)) || tried.Count >= MaxAttempts)
            return false;
        return tried.Count == 0 || time.GetUtcNow().UtcDateTime - tried.Max(one => one.Status!.FinishedAt) >= FirstWait * Math.Pow(2, tried.Count - 1);
    }

    /// <summary>Makes the Remediation if it is due.</summary>
    public async Task ProposeAsync(HealingPolicy policy, Incident incident, Finding finding, HealingPlan plan, CancellationToken cancellationToken)
    {
        if (!IsDue(incident))
            return;
        var tried = Of(incident);
        var ns = policy.Metadata.NamespaceProperty;
        var actions = new List<RemediationAction>();
        foreach (var action in plan.Actions)
            actions.Add(action with { Precondition = await executor.PreconditionAsync(ns, action.Target, cancellationToken) });
        var remediation = new Remediation
        {
            Metadata = new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"{incident.Metadata.Name}-try-{tried.Count + 1}"),
                NamespaceProperty = ns,
                Labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByHealing },
                // Goes with its incident.
                OwnerReferences = [new() { ApiVersion = incident.ApiVersion, Kind = incident.Kind, Name = incident.Metadata.Name, Uid = incident.Metadata.Uid }],
            },
            Spec = new()
            {
                Policy = policy.Metadata.Name,
                Incident = incident.Metadata.Name,
                Cause = finding.Cause,
                Planner = plan.Planner,
                Rationale = plan.Rationale,
                Considered = plan.Considered.Count == 0 ? null : plan.Considered,
                Attempt = tried.Count + 1,
                ApproveWithin = policy.Spec.ApproveWithin ?? HealingPolicySpec.DefaultApproveWithin,
                Actions = actions,
            },
        };
        try
        {
            await healer.Client.CreateAsync(remediation, cancellationToken);
        }
        catch (KubeApiException exists) when (exists.StatusCode == HttpStatusCode.Conflict)
        {
            // Made a moment ago; the cache does not show it yet.
        }
    }

    /// <summary>Remediations of a namespace.</summary>
    public IEnumerable<Remediation> In(string ns) => caches.Remediations.List().Where(one => one.Metadata.NamespaceProperty == ns);

    /// <summary>Remediations that were made for an incident.</summary>
    public IReadOnlyList<Remediation> Of(Incident incident) => [.. In(incident.Metadata.NamespaceProperty).Where(one => one.Spec.Incident == incident.Metadata.Name)];
}
