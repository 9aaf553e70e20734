using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Resources;

/// <summary>What a list or a watch asks for.</summary>
internal sealed record ListQuery
{
    public string Namespace { get; init; } = "";

    public LabelSelector Labels { get; init; } = LabelSelector.Everything;

    public FieldSelector Fields { get; init; } = FieldSelector.Everything;

    /// <summary>0 means no limit.</summary>
    public int Limit { get; init; }

    public ContinueToken? Continue { get; init; }

    /// <summary>null when the client gave none; 0 means "any".</summary>
    public long? ResourceVersion { get; init; }

    /// <summary>Exact, NotOlderThan or null.</summary>
    public string? Match { get; init; }

    public bool HasSelector => !Labels.IsEverything || !Fields.IsEverything;

    public bool Selects(Store.StoredObject stored) =>
        (Namespace.Length == 0 || stored.Id.Namespace == Namespace) && Labels.Matches(stored.Labels) && Fields.Matches(stored);
}

/// <summary>
/// Where the next page starts: <c>{"v":"meta.k8s.io/v1","rv":42,"start":"default/a2\u0000"}</c> in base64url.
/// A revision of -1 means "whatever is current", the inconsistent continuation after a 410.
/// </summary>
internal sealed record ContinueToken(long Revision, string Start)
{
    public string Encode()
    {
        var json = new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = Revision, ["start"] = Start }.ToJsonString();
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    public static ContinueToken Decode(string text)
    {
        try
        {
            var padded = text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '=');
            var json = (JsonObject)JsonNode.Parse(Convert.FromBase64String(padded))!;
            if (json.Number("rv") is { } revision && json.Text("start") is { } start && start.Contains('/') && json.Text("v") == "meta.k8s.io/v1")
                return new ContinueToken(revision, start);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidCastException)
        {
            // Falls through to the one message for every malformed token.
        }

        throw Errors.BadRequest("invalid continue token: continue key is not valid");
    }
}
