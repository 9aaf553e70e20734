using System.Globalization;
using System.Text.Json;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Catalogue.Actions;

namespace Ops.Healing.Planning;

/// <summary>
/// The plan that takes a finished plan back, in catalogue actions of its own, so that it takes the same gate: guard, dry run,
/// approval, verification. Pure.
/// </summary>
public static class UndoPlan
{
    /// <summary>The parameter of an inverse that names the plan that it takes back.</summary>
    public const string OfParameter = TakeBack.OfParameter;

    /// <summary>The inverse, the last step first; or why there is none, one sentence.</summary>
    /// <param name="done">A plan that succeeded, as the server holds it.</param>
    /// <param name="steps">What became of its actions.</param>
    public static (IReadOnlyList<RemediationAction>? Actions, string? Why) Of(Remediation done, IReadOnlyList<RemediationStep> steps)
    {
        var inverse = new List<RemediationAction>();
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            var (action, why) = Of(done, i, steps[i]);
            if (action is null)
                return (null, why);
            inverse.Add(action);
        }

        return inverse.Count == 0 ? (null, "Nothing was written.") : (inverse, null);
    }

    private static (RemediationAction? Action, string? Why) Of(Remediation done, int index, RemediationStep step)
    {
        var action = done.Spec.Actions[index];
        var (type, target) = (ActionCatalogue.Find(action.Type), $"{action.Target.Kind} {action.Target.Name}");
        switch (type)
        {
            case null or TakeBack:
                return (null, "It is an undo itself; if the repair is wanted after all, the healer plans it again.");
            case { Effect: ActionEffect.Delete }:
                return (null, $"{target} was deleted and its controller has made a new one; there is nothing to give back.");
            case { Effect: ActionEffect.Restart }:
                return (null, $"{target} was restarted; there is nothing to give back.");
            case { Effect: ActionEffect.Release }:
                return (null, $"{target} is gone, as its deletion asked.");
            case { Effect: ActionEffect.Create }:
                return (null, $"{target} was made anew; no action of the catalogue deletes it.");
            case { } when action.Target.Kind == V1Node.KubeKind:
                return (null, $"{target} is everybody's; no action of the catalogue closes a node.");
            case ScaleWorkload:
                var before = step.Changes?.FirstOrDefault(change => change.Path == "/spec/replicas")?.Before;
                return Replicas(before) is { } replicas
                    ? (action with { Parameters = new Dictionary<string, string> { [ScaleWorkload.ReplicasParameter] = replicas }, Precondition = step.After }, null)
                    : (null, $"{target} had no replicas before; nothing is scaled to none.");
            default:
                var parameters = new Dictionary<string, string>
                {
                    [TakeBack.OfParameter] = done.Metadata.Name, [TakeBack.StepParameter] = (index + 1).ToString(CultureInfo.InvariantCulture),
                };
                return step.Changes is { Count: > 0 }
                    ? (new() { Type = TakeBack.NameFor(type.Type), Target = action.Target, Parameters = parameters, Precondition = step.After }, null)
                    : (null, $"{target} was as it should be already; nothing was changed.");
        }
    }

    private static string? Replicas(string? json)
    {
        if (json is null)
            return null;
        using var number = JsonDocument.Parse(json);
        return number.RootElement.TryGetInt32(out var replicas) && replicas >= 1 ? replicas.ToString(CultureInfo.InvariantCulture) : null;
    }
}
