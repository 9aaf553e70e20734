namespace Ops.Router;

/// <summary>
/// Tokens (JWT, OpenID Connect) as an alternative to API keys, from the configuration section Router:Jwt (environment:
/// Router__Jwt__Issuer=...). Off unless an issuer is set.
/// </summary>
internal sealed record JwtOptions
{
    /// <summary>The issuer, exactly as tokens name it in iss, for example https://login.example.com/realms/ai. Required.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>The audience that tokens must name in aud. Required.</summary>
    public string Audience { get; init; } = "";

    /// <summary>Where the issuer's signing keys are: an http(s) address or a file. Default: as its /.well-known/openid-configuration says.</summary>
    public string? Jwks { get; init; }

    /// <summary>The claim that names the tenant. Default sub.</summary>
    public string TenantClaim { get; init; } = "sub";

    /// <summary>The claim that lists the models the token may use, as an array or separated by spaces; a token without it may use none. Default: none, every model.</summary>
    public string? ModelsClaim { get; init; }

    /// <summary>Limits of each tenant. Default: none.</summary>
    // Of its own: settings are written into the object that is here.
    public CallerLimits Limits { get; init; } = new();

    /// <summary>How far the issuer's clock may differ. Default 30 s.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The options, or a sentence about what is wrong with them.</summary>
    /// <exception cref="InvalidOperationException">Something required is missing.</exception>
    internal JwtOptions Checked()
    {
        if (string.IsNullOrWhiteSpace(Issuer))
            throw new InvalidOperationException("Router:Jwt:Issuer is not set. Set it to the issuer as tokens name it in iss, or remove the section Router:Jwt.");
        return string.IsNullOrWhiteSpace(Audience)
            ? throw new InvalidOperationException("Router:Jwt:Audience is not set. Without it tokens that were made for other services would be let in; set it to what tokens for this router name in aud.")
            : this;
    }
}
