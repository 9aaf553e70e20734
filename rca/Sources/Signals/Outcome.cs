namespace Ops.Rca.Sources;

/// <summary>Reads from a series' labels how a request ended.</summary>
internal static class Outcome
{
    private static readonly string[] Labels =
        ["code", "status", "status_code", "http_status_code", "http_response_status_code", "response_code", "grpc_code", "grpc_status", "outcome", "result"];

    private static readonly string[] Bad = ["error", "failure", "failed", "timeout", "exception", "aborted", "unavailable", "internal", "unknown", "deadlineexceeded", "resourceexhausted", "dataloss"];

    /// <summary>True for a failure of the server, false for any other end, null if no label tells.</summary>
    public static bool? IsFailure(IReadOnlyDictionary<string, string> labels) =>
        Read(labels) is not { } value ? null : value.Length == 3 && char.IsAsciiDigit(value[0]) ? value[0] == '5' : Array.Exists(Bad, word => word.Equals(value, StringComparison.OrdinalIgnoreCase));

    /// <summary>True where the answer says that the caller may not or does not know what it asks for (401, 403, 404, their gRPC names).</summary>
    public static bool IsRefusal(IReadOnlyDictionary<string, string> labels) =>
        Read(labels) is "401" or "403" or "404" or "Unauthenticated" or "PermissionDenied" or "NotFound";

    private static string? Read(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var label in Labels)
            if (labels.TryGetValue(label, out var value) && value.Length > 0)
                return value;
        return null;
    }
}
