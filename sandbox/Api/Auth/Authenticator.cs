using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Auth;

/// <summary>Who asks: the admin token, a service account's token, or nobody. A wrong token is refused, a missing one is anonymous.</summary>
internal sealed class Authenticator(string adminToken, Tokens tokens, ObjectStore store)
{
    private readonly byte[] _adminToken = Encoding.UTF8.GetBytes(adminToken);

    public UserInfo Identify(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length == 0) return UserInfo.Anonymous;
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) throw Errors.Unauthorized();
        return FromToken(header["Bearer ".Length..].Trim()) ?? throw Errors.Unauthorized();
    }

    public UserInfo? FromToken(string token)
    {
        if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), _adminToken)) return UserInfo.Admin;
        if (tokens.Read(token) is not { } claims) return null;
        var account = store.Snapshot.Find(Known.ServiceAccounts, new ObjectId(claims.Namespace, claims.Name));
        return account is not null && account.Uid == claims.Uid ? ServiceAccount(claims.Namespace, claims.Name, claims.Uid) : null;
    }

    public static UserInfo ServiceAccount(string ns, string name, string uid = "") => new(
        $"system:serviceaccount:{ns}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{ns}", "system:authenticated"], uid);
}
