using System.Collections.Frozen;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ops.Router;

/// <summary>Checks tokens of one issuer, and makes callers of them.</summary>
internal sealed class TokenAuthority
{
    // Asymmetric only: with a shared secret among them, a public key could be misused as one.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    // Tokens of the field have 1 to 4 KB.
    private const int MaxTokenLength = 16 << 10;
    private const int MaxTenantLength = 128;

    // A withdrawn signing key is noticed after this long even on a connection that goes on.
    private const long RememberMs = 60_000;

    private readonly JwtOptions _options;
    private readonly SigningKeys _keys;
    private readonly TimeProvider _time;
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = MaxTokenLength };

    internal TokenAuthority(JwtOptions options, SigningKeys keys, TimeProvider time)
    {
        _options = options;
        _keys = keys;
        _time = time;
    }

    /// <summary>Three parts, the first of which is base64 of a JSON object: no API key looks like that by accident.</summary>
    internal static bool LooksLikeToken(ReadOnlySpan<char> presented) => presented.StartsWith("ey") && presented.Count('.') == 2;

    /// <summary>Checks a token.</summary>
    /// <returns>The caller and until when that holds on the router's clock, or the error.</returns>
    internal async ValueTask<(Caller? Caller, long UntilMs, OpenAiError? Error)> ValidateAsync(string token, CancellationToken cancellation)
    {
        var keys = await _keys.GetAsync(cancellation);
        var result = await _handler.ValidateTokenAsync(token, Parameters(keys));
        // A key that is not known may be newer than what was read.
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await _keys.RefreshAsync(keys, cancellation) is { } newer)
            result = await _handler.ValidateTokenAsync(token, Parameters(newer));
        if (!result.IsValid)
            return (null, 0, Invalid(Reason(result.Exception)));

        var read = (JsonWebToken)result.SecurityToken;
        if (!read.TryGetPayloadValue<string>(_options.TenantClaim, out var tenant) || tenant is not { Length: > 0 and <= MaxTenantLength })
            return (null, 0, Invalid($"its claim {_options.TenantClaim} is no text of 1 to {MaxTenantLength} characters"));
        var left = (read.ValidTo - _time.GetUtcNow().UtcDateTime).TotalMilliseconds;
        return (CallerOf(read, tenant), _time.NowMs() + (long)Math.Min(RememberMs, Math.Max(0, left)), null);
    }

    // The prefix keeps a subject from passing for the API key of the same name.
    private Caller CallerOf(JsonWebToken token, string tenant) => new("jwt:" + tenant)
    {
        Limits = _options.Limits,
        Models = _options.ModelsClaim is { } claim
            ? token.Claims.Where(c => c.Type == claim).SelectMany(c => c.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToFrozenSet(StringComparer.Ordinal)
            : null,
    };

    private TokenValidationParameters Parameters(IList<SecurityKey> keys) => new()
    {
        ValidIssuer = _options.Issuer,
        ValidAudience = _options.Audience,
        IssuerSigningKeys = keys,
        ValidAlgorithms = Algorithms,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = (from, until, _, _) => IsCurrent(from, until),
    };

    private bool IsCurrent(DateTime? from, DateTime? until)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return until is not null && now < until.Value + _options.ClockSkew && (from is null || now >= from.Value - _options.ClockSkew);
    }

    private static string Reason(Exception exception) => exception switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenNoExpirationException => "it has expired, is not valid yet, or names no expiry",
        SecurityTokenInvalidAudienceException => "it was made for another audience",
        SecurityTokenInvalidIssuerException => "it was made by another issuer",
        SecurityTokenMalformedException or ArgumentException => "it is no JSON Web Token",
        _ => "its signature is not one of the issuer's",
    };

    private static OpenAiError Invalid(string reason) =>
        new(401, "invalid_token", $"The token is not accepted: {reason}. Get a new one from the issuer for this router's audience.");
}
