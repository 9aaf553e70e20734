using Ops.Api;
using Ops.Healing.Catalogue;

namespace Ops.Healing.Guarding;

/// <summary>What the server's dry run must look like.</summary>
public static class DryRun
{
    /// <summary>Why the changes are not what the action may do, or null.</summary>
    /// <param name="type">The action's type.</param>
    /// <param name="changes">From the object as it is to what the server would store, admission included.</param>
    public static string? Problem(HealingAction type, IReadOnlyList<FieldChange> changes)
    {
        if (changes.Count == 0)
            return $"{type.Type} would change nothing.";
        if (changes.Count > RemediationStep.MaxChanges)
            return $"{type.Type} would change more than {RemediationStep.MaxChanges} fields.";
        return changes.FirstOrDefault(change => !type.Fields.Any(field => change.Path == field || change.Path.StartsWith(field + "/", StringComparison.Ordinal))) is { } stray
            ? $"The dry run changes {stray.Path}, which {type.Type} may not."
            : null;
    }
}
