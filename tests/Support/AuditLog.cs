using System.Text.Json;

namespace Ops.Testing;

/// <summary>One finished request as kube-apiserver's audit log tells it.</summary>
/// <param name="User">As whom it was asked, for example system:serviceaccount:ops-system:operator: whom the asker impersonates, or the asker.</param>
/// <param name="Verb">The RBAC verb: get, list, watch, create, update, patch, delete.</param>
/// <param name="Group">API group, empty for core.</param>
/// <param name="Resource">Plural resource, empty for a path that is no resource.</param>
/// <param name="Subresource">For example status, or empty.</param>
/// <param name="Namespace">Empty for cluster scope.</param>
/// <param name="Name">The object's name, empty for collections.</param>
/// <param name="Code">HTTP status.</param>
public sealed record AuditedRequest(string User, string Verb, string Group, string Resource, string Subresource, string Namespace, string Name, int Code)
{
    /// <summary>Whether it asked to change something.</summary>
    public bool IsWrite => Verb is "create" or "update" or "patch" or "delete" or "deletecollection";
}

/// <summary>Reads kube-apiserver's audit log, the one witness that names client, verb and object of every request.</summary>
public static class AuditLog
{
    /// <summary>The policy that makes the API server log one line a request, when it is complete.</summary>
    public const string Policy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived, ResponseStarted, Panic]
        rules: [{level: Metadata}]
        """;

    /// <summary>The complete lines of a log that may still be written to.</summary>
    public static IEnumerable<AuditedRequest> Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.EndsWith('}'))
                yield return Parse(line);
        }
    }

    // {"user":{"username":"u"},"impersonatedUser":{"username":"v"},"verb":"get","objectRef":{"resource":"pods","namespace":"n","name":"p","apiGroup":"apps","subresource":"status"},"responseStatus":{"code":200},...}
    private static AuditedRequest Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        var reference = root.TryGetProperty("objectRef", out var found) ? found : default;
        return new AuditedRequest(
            (root.TryGetProperty("impersonatedUser", out var other) ? other : root.GetProperty("user")).GetProperty("username").GetString() ?? "",
            root.GetProperty("verb").GetString() ?? "",
            Text(reference, "apiGroup"),
            Text(reference, "resource"),
            Text(reference, "subresource"),
            Text(reference, "namespace"),
            Text(reference, "name"),
            root.TryGetProperty("responseStatus", out var status) && status.TryGetProperty("code", out var code) ? code.GetInt32() : 0);
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
