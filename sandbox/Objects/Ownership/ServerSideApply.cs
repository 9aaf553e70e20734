using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>What server-side apply came to.</summary>
public abstract record ApplyOutcome
{
    private ApplyOutcome()
    {
    }

    /// <summary>The merged object with its managedFields; defaulting, validation and storing are the caller's.</summary>
    public sealed record Merged(JsonObject Object) : ApplyOutcome;

    /// <summary>Other managers own fields with other values.</summary>
    /// <param name="Message">The message of the 409 Status.</param>
    /// <param name="Causes">One cause a field.</param>
    public sealed record Conflicts(string Message, IReadOnlyList<FieldCause> Causes) : ApplyOutcome;
}

/// <summary>Server-side apply.</summary>
public static class ServerSideApply
{
    /// <summary>Merges an applied intent into the live object.</summary>
    public static ApplyOutcome Apply(JsonObject? live, JsonObject applied, KindDefinition kind, string manager, bool force, string? subresource, DateTimeOffset now) =>
        throw new NotImplementedException();
}

/// <summary>Tracks who owns which field.</summary>
public static class ManagedFields
{
    /// <summary>Sets metadata.managedFields of <paramref name="updated"/> for a write that is not an apply.</summary>
    public static void RecordUpdate(JsonObject? live, JsonObject updated, KindDefinition kind, string manager, string? subresource, DateTimeOffset now) =>
        throw new NotImplementedException();
}
