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

    /// <summary>Makes the Remediation, unless one is on its way or enough were tried.</summary>
    public async Task ProposeAsync(HealingPolicy policy, Incident incident, Finding finding, HealingPlan plan, CancellationToken cancellationToken)
    {
        var tried = Of(incident);
        if (tried.Any(one => !RemediationPhases.IsFinal(one.Status?.Phase)) || tried.Count >= MaxAttempts)
            return;
        if (tried.Count > 0 && time.GetUtcNow().UtcDateTime - tried.Max(one => one.Status!.FinishedAt) < FirstWait * Math.Pow(2, tried.Count - 1))
            return;
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
                Rationale = plan.Rationale,
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

    private List<Remediation> Of(Incident incident) => [.. caches.Remediations.List()
        .Where(one => one.Metadata.NamespaceProperty == incident.Metadata.NamespaceProperty && one.Spec.Incident == incident.Metadata.Name)];
}
