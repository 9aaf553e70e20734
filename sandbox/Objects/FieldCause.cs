namespace Ops.Sandbox.Objects;

/// <summary>One cause in the details of a Status, such as FieldValueInvalid at <c>spec.replicas</c>.</summary>
/// <param name="Reason">FieldValueRequired, FieldValueInvalid, FieldValueTypeInvalid, FieldValueNotSupported, FieldValueTooLong, FieldValueTooMany, FieldValueDuplicate, FieldValueForbidden, FieldManagerConflict.</param>
/// <param name="Message">Such as <c>Invalid value: 22: spec.replicas in body should be less than or equal to 10</c>.</param>
/// <param name="Field">Path such as <c>spec.ports[0].name</c>; <c>&lt;nil&gt;</c> where none applies.</param>
public sealed record FieldCause(string Reason, string Message, string Field)
{
    /// <summary>The cause as the Status message lists it: <c>field: message</c>.</summary>
    public override string ToString() => $"{Field}: {Message}";
}
