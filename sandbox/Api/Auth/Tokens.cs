using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Auth;

/// <summary>What a service account's token says.</summary>
internal sealed record TokenClaims(string Namespace, string Name, string Uid, DateTimeOffset Expires);

/// <summary>
/// Service account tokens: JWTs signed with HMAC-SHA256 under a key that only this server has (RFC 7519, RFC 7518 §3.2).
/// They need no storage, end by themselves, and end with their account, whose uid they carry.
/// </summary>
internal sealed class Tokens(byte[] key, TimeProvider time)
{
    private const string Issuer = "https://kubernetes.default.svc.cluster.local";

    private static readonly string Header = Base64Url("""{"alg":"HS256","typ":"JWT"}"""u8);

    public string Issue(string ns, string name, string uid, TimeSpan lifetime, IReadOnlyList<string> audiences)
    {
        var now = time.GetUtcNow();
        var payload = new JsonObject
        {
            ["aud"] = new JsonArray([.. audiences.Select(a => (JsonNode)a)]),
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            ["kubernetes.io"] = new JsonObject
            {
                ["namespace"] = ns,
                ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid },
            },
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
        var signed = $"{Header}.{Base64Url(JsonSerializer.SerializeToUtf8Bytes(payload, JsonText.Compact))}";
        return $"{signed}.{Base64Url(Sign(signed))}";
    }

    /// <summary>The claims of a token that this server signed and that has not expired; null otherwise.</summary>
    public TokenClaims? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3) return null;
        try
        {
            if (!CryptographicOperations.FixedTimeEquals(Sign($"{parts[0]}.{parts[1]}"), FromBase64Url(parts[2]))) return null;
            var payload = JsonNode.Parse(FromBase64Url(parts[1])) as JsonObject;
            var account = payload.Child("kubernetes.io").Child("serviceaccount");
            var expires = DateTimeOffset.FromUnixTimeSeconds(payload.Number("exp") ?? 0);
            if (expires <= time.GetUtcNow()) return null;
            return new TokenClaims(payload.Child("kubernetes.io").Text("namespace") ?? "", account.Text("name") ?? "", account.Text("uid") ?? "", expires);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    private byte[] Sign(string text) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text));

    private static string Base64Url(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[] FromBase64Url(string text) =>
        Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
}
