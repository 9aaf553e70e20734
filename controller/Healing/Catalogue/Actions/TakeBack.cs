using System.Globalization;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Content;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// The inverse of an action that gives an object its good state back: each field that a finished plan changed gets the value that
/// it had before. What to write is read from that plan's status, which only the healer writes, so nobody can name other values.
/// </summary>
/// <param name="original">The type that is taken back; the fields, the kinds and what a policy says of it hold here too.</param>
internal sealed class TakeBack(HealingAction original) : HealingAction
{
    internal const string OfParameter = "of";
    internal const string StepParameter = "step";

    public override string Type => NameFor(original.Type);

    public override string Summary => $"Take back what {original.Type} of an earlier plan changed, as long as nobody changed it since.";

    public override IReadOnlyList<string> Kinds => original.Kinds;

    public override IReadOnlyList<string> Parameters => [OfParameter, StepParameter];

    public override IReadOnlyList<string> Fields => original.Fields;

    public override bool MustBeListed => original.MustBeListed;

    public override string ListedAs => original.Type;

    public override bool AlwaysAsks => true;

    /// <summary>Name of the inverse of a type.</summary>
    public static string NameFor(string type) => $"Undo{type}";

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        Step(action, memory) is not { State: RemediationStepStates.Done, Changes.Count: > 0 } step
            ? $"parameters.of and parameters.step must name a step of a plan that succeeded, of type {original.Type} and with the same target"
            : step.After != action.Precondition ? "target is not as that plan left it; it is left as it is" : null;

    public override int PodsAtRisk(RemediationAction action, NamespaceSnapshot snapshot) => original.PodsAtRisk(action, snapshot);

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory) => ObjectDiff.TakeBack(obj, Step(action, memory)!.Changes!);

    private RemediationStep? Step(RemediationAction action, Baseline memory) =>
        memory.Past.GetValueOrDefault(action.Parameters?.GetValueOrDefault(OfParameter) ?? "") is { Status: { Phase: RemediationPhases.Succeeded, Steps: { } steps } status } past
        && status.PlanHash == PlanHash.Of(past)
        && int.TryParse(action.Parameters![StepParameter], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= Math.Min(steps.Count, past.Spec.Actions.Count)
        && past.Spec.Actions[number - 1] is var done && done.Type == original.Type && done.Target == action.Target
            ? steps[number - 1]
            : null;
}
