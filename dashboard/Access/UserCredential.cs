using System.Security.Claims;

namespace Ops.Dashboard.Access;

/// <summary>
/// As whom the API server is asked: by a token of the user's own, or as a user whom the dashboard's own account may impersonate.
/// Equal for the same user, so that all pages of one share their watches.
/// </summary>
/// <param name="Token">The user's own token; null where the user is impersonated.</param>
/// <param name="User">The name to impersonate; null with a token.</param>
/// <param name="Group">The group to impersonate beside the name, or null.</param>
internal sealed record UserCredential(string? Token, string? User = null, string? Group = null)
{
    private const string TokenClaim = "token";
    private const string UserClaim = "impersonate-user";
    private const string GroupClaim = "impersonate-group";

    /// <summary>The credential of whoever is signed in, or null.</summary>
    public static UserCredential? Of(ClaimsPrincipal user) => (user.FindFirstValue(TokenClaim), user.FindFirstValue(UserClaim)) switch
    {
        ({ } token, _) => new(token),
        (_, { } name) => new(null, name, user.FindFirstValue(GroupClaim)),
        _ => null,
    };

    /// <summary>What the cookie holds of it.</summary>
    /// <param name="name">The name by which the API server knows the user.</param>
    /// <param name="scheme">The scheme of the cookie.</param>
    public ClaimsPrincipal Principal(string name, string scheme)
    {
        (string Type, string? Value)[] claims = [(ClaimTypes.Name, name), (TokenClaim, Token), (UserClaim, User), (GroupClaim, Group)];
        return new(new ClaimsIdentity(claims.Where(claim => claim.Value is not null).Select(claim => new Claim(claim.Type, claim.Value!)), scheme));
    }

    /// <summary>Never the token.</summary>
    public override string ToString() => User ?? "a token";
}
