using System.Net;

namespace Ops.Dashboard.Access;

/// <summary>Sign-in through an OpenID Connect provider, from the section Dashboard:Oidc (environment: Dashboard__Oidc__Authority=...).</summary>
internal sealed record OidcOptions
{
    /// <summary>What <see cref="Access"/> may be: the dashboard's account impersonates the user.</summary>
    public const string Impersonate = "impersonate";

    /// <summary>What <see cref="Access"/> may be: the id token is shown to an API server that trusts the provider.</summary>
    public const string OwnToken = "token";

    // A group whose members may do everything whatever RBAC says, and all the accounts that Kubernetes itself makes.
    private const string Reserved = "system:";

    /// <summary>The provider's address, below which /.well-known/openid-configuration lies; https, or http on loopback. Default none: sign-in by token only.</summary>
    public string Authority { get; init; } = "";

    /// <summary>The dashboard's name at the provider. Needed where there is an authority.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>File that holds the client's secret. Default none: a public client, protected by PKCE alone.</summary>
    public string? ClientSecretFile { get; init; }

    /// <summary>What the button says after "Sign in with". Default: single sign-on.</summary>
    public string Name { get; init; } = "single sign-on";

    /// <summary>Address of the dashboard as browsers see it, where TLS ends before it. Default: as the request says.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>What is asked for beside openid, by blanks. Default: profile email.</summary>
    public string Scopes { get; init; } = "profile email";

    /// <summary>impersonate (default) or token.</summary>
    public string Access { get; init; } = Impersonate;

    /// <summary>Claim of the id token that holds the user's name. Default sub; email is taken only when it is verified.</summary>
    public string UserClaim { get; init; } = "sub";

    /// <summary>Claim of the id token that lists the user's groups. Default groups.</summary>
    public string GroupsClaim { get; init; } = "groups";

    /// <summary>Put before the names of users and groups when they are impersonated. Default oidc:.</summary>
    public string Prefix { get; init; } = "oidc:";

    /// <summary>
    /// Groups that may be impersonated, by commas and without prefix, the one to be preferred first; of these a user gets the first
    /// that the id token lists. Default none. One only: .NET's HTTP client writes several values of a header into one line, which
    /// an API server reads as the name of a single group.
    /// </summary>
    public string Groups { get; init; } = "";

    /// <summary>Whether it is configured.</summary>
    public bool IsOn => Authority.Length > 0;

    /// <summary>Checks the settings.</summary>
    /// <exception cref="InvalidOperationException">One cannot be; the message names it and the fix.</exception>
    public OidcOptions Checked()
    {
        if (!IsOn)
            return this;
        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var authority) || !IsSafe(authority))
            throw Bad(nameof(Authority), $"is {Authority}; write the provider's address with https:// (http:// only on loopback)");
        if (ClientId.Length == 0)
            throw Bad(nameof(ClientId), "is missing; write the name under which the provider knows the dashboard");
        if (Access is not (Impersonate or OwnToken))
            throw Bad(nameof(Access), $"is {Access}; write {Impersonate} or {OwnToken}");
        if (ClientSecretFile is { Length: > 0 } file && !File.Exists(file))
            throw Bad(nameof(ClientSecretFile), $"names {file}, which does not exist");
        if (PublicUrl is { Length: > 0 } url && (!Uri.TryCreate(url, UriKind.Absolute, out var own) || own.Scheme is not ("http" or "https")))
            throw Bad(nameof(PublicUrl), $"is {url}; write the address that browsers use, for example https://ops.example.org");
        if ((Prefix + "x").StartsWith(Reserved, StringComparison.Ordinal))
            throw Bad(nameof(Prefix), $"is {Prefix}; names that begin with {Reserved} are Kubernetes' own");
        return this;
    }

    /// <summary>A name or group as it is impersonated; null where the result would be one of Kubernetes' own or no name at all.</summary>
    public string? Prefixed(string name) =>
        name.Length is > 0 and <= 253 && name.All(letter => letter is > ' ' and <= '~') && !(Prefix + name).StartsWith(Reserved, StringComparison.Ordinal) ? Prefix + name : null;

    // The provider's answers decide who somebody is, so nobody may write them on the way.
    private static bool IsSafe(Uri address) => address.Scheme == "https"
        || (address.Scheme == "http" && (address.Host == "localhost" || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip))));

    private static InvalidOperationException Bad(string setting, string what) => new($"Dashboard__Oidc__{setting} {what}.");
}
