using System.Globalization;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Detection;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>
/// Plans of a model that worked before for the same signature, the cause and the kind of object. The record is the Remediations
/// themselves: their verdicts stand in a status that only the healer writes. A remembered plan is checked like any other.
/// </summary>
public static class PlanRecord
{
    // More tries back than this tell of another cluster.
    private const int MaxTries = 50;

    /// <summary>Plans that succeeded at least as often as not, the best first, made for this finding's object.</summary>
    /// <param name="finding">What is wrong.</param>
    /// <param name="past">Remediations of the namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static IReadOnlyList<HealingPlan> For(Finding finding, IEnumerable<Remediation> past, Baseline memory)
    {
        // A plan over several objects, or of another kind, says nothing about this object.
        var tries = past.Where(one => one.Spec.Planner == RemediationPlanners.Llm && one.Spec.Cause == finding.Cause
                && one.Status?.Phase is RemediationPhases.Succeeded or RemediationPhases.Relapsed or RemediationPhases.RolledBack or RemediationPhases.Failed
                && one.Spec.Actions is [{ Target: var target }] && target.Kind == finding.Kind)
            .OrderByDescending(one => one.Status!.FinishedAt).Take(MaxTries);
        return [.. tries.Select(one => (Plan: For(one.Spec.Actions[0], finding, memory), Good: one.Status!.Phase == RemediationPhases.Succeeded))
            .Where(one => one.Plan is not null)
            .GroupBy(one => one.Plan!.Summary, StringComparer.Ordinal)
            .Select(group => (group.First().Plan, Good: group.Count(one => one.Good), Of: group.Count()))
            .Where(one => one.Good * 2 >= one.Of && one.Good > 0)
            .OrderByDescending(one => (double)one.Good / one.Of).ThenByDescending(one => one.Good)
            .Select(one => one.Plan! with
            {
                Rationale = string.Create(CultureInfo.InvariantCulture, $"It healed {finding.Cause} of a {finding.Kind} {one.Good} of {one.Of} times before."),
            })];
    }

    private static HealingPlan? For(RemediationAction action, Finding finding, Baseline memory)
    {
        if (ActionCatalogue.Find(action.Type) is not { } type)
            return null;
        var parameters = (action.Parameters ?? new Dictionary<string, string>()).ToDictionary(pair => pair.Key, pair => pair.Value);
        if (parameters.ContainsKey(HealingAction.StateParameter))
        {
            if (memory.Of(finding.Kind, finding.Name) is not { } good)
                return null;
            parameters[HealingAction.StateParameter] = good.Digest;
        }

        var again = new RemediationAction { Type = type.Type, Target = new() { Kind = finding.Kind, Name = finding.Name }, Parameters = parameters.Count == 0 ? null : parameters };
        return new("", [again]) { Planner = RemediationPlanners.Llm };
    }
}
