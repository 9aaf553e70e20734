using Ops.Sandbox.Objects.Cel;

namespace Ops.Sandbox.Objects;

/// <summary>One entry of <c>x-kubernetes-validations</c>, compiled.</summary>
/// <param name="Rule">The CEL expression; true means valid.</param>
/// <param name="Message">Text when the rule fails; null: the expression itself is named.</param>
/// <param name="MessageExpression">CEL expression that yields the text; null where none.</param>
/// <param name="Reason">FieldValueInvalid (default), FieldValueForbidden, FieldValueRequired or FieldValueDuplicate.</param>
/// <param name="FieldPath">Relative path such as <c>.mode</c> that the cause names instead of the node; null where none.</param>
/// <param name="OptionalOldSelf">True where a transition rule runs on creation too, with an optional oldSelf.</param>
public sealed record ValidationRule(
    string Rule, string? Message, string? MessageExpression, string Reason, string? FieldPath, bool OptionalOldSelf)
{
    /// <summary>The compiled rule.</summary>
    internal CelProgram Program { get; } = CelProgram.Compile(Rule);

    /// <summary>The compiled message expression.</summary>
    internal CelProgram? MessageProgram { get; } = MessageExpression is null ? null : CelProgram.Compile(MessageExpression);

    /// <summary>True where the rule compares with the stored object and therefore only runs on updates.</summary>
    public bool IsTransitionRule => Program.Uses("oldSelf");
}
