using System.Security.Claims;

namespace Ops.Dashboard.Access;

/// <summary>The claims of an id token that was checked -> as whom the API server is asked. Pure.</summary>
internal static class OidcUser
{
    private const string Email = "email";
    private const string EmailVerified = "email_verified";

    /// <summary>The credential.</summary>
    /// <param name="claims">The id token's claims.</param>
    /// <param name="token">The id token itself.</param>
    /// <param name="oidc">How claims are read.</param>
    /// <param name="problem">Why there is none, one sentence that names the setting; "" where there is one.</param>
    public static UserCredential? Of(ClaimsPrincipal claims, string token, OidcOptions oidc, out string problem)
    {
        problem = "";
        if (oidc.Access == OidcOptions.OwnToken)
            return new(token);
        if (claims.FindFirstValue(oidc.UserClaim) is not { Length: > 0 } name)
            problem = $"The provider's id token has no claim {oidc.UserClaim}; name one that it has in Dashboard__Oidc__UserClaim, or ask for its scope in Dashboard__Oidc__Scopes.";
        else if (oidc.UserClaim == Email && claims.FindFirstValue(EmailVerified) is { } verified && !bool.TryParse(verified, out var isVerified) | !isVerified)
            problem = "The provider has not verified this e-mail address; verify it there, or name another claim in Dashboard__Oidc__UserClaim.";
        else if (oidc.Prefixed(name) is not { } user)
            problem = "The provider's name for this user cannot be one in Kubernetes (letters without blanks, not system:...); change Dashboard__Oidc__UserClaim or Dashboard__Oidc__Prefix.";
        else
            return new(null, user, Group(claims, oidc));
        return null;
    }

    private static string? Group(ClaimsPrincipal claims, OidcOptions oidc)
    {
        var has = claims.FindAll(oidc.GroupsClaim).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal);
        var first = oidc.Groups.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault(has.Contains);
        return first is null ? null : oidc.Prefixed(first);
    }
}
