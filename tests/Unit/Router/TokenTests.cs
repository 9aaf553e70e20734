using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Tokens of a real issuer on loopback: RSA keys, published as an issuer publishes them.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private const string Audience = "ops-router";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RSA _newRsa = RSA.Create(2048);
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));
    private Upstream _issuer = null!;
    private string _published = "";
    private int _reads;

    private string Issuer => _issuer.Address.Url;

    public async ValueTask InitializeAsync()
    {
        _issuer = await Upstream.StartAsync("issuer", context =>
        {
            if (context.Request.Path == "/.well-known/openid-configuration")
                return context.Response.WriteAsync($$"""{"issuer":"{{Issuer}}","jwks_uri":"{{Issuer}}/keys"}""");
            Interlocked.Increment(ref _reads);
            return context.Response.WriteAsync(_published);
        });
        Publish((_rsa, "one"));
    }

    public async ValueTask DisposeAsync()
    {
        await _issuer.DisposeAsync();
        _rsa.Dispose();
        _newRsa.Dispose();
    }

    [Fact]
    public async Task A_token_is_let_in_as_its_tenant_and_keys_go_on_working()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)), $"--Router:Jwt:Issuer={Issuer}", $"--Router:Jwt:Audience={Audience}", "--Router:Jwt:Limits:RequestsPerMinute=2");
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);

        router.Client.DefaultRequestHeaders.Authorization = new("Bearer", Token(_rsa, "one", time: TimeProvider.System));
        using (var first = await router.ChatAsync())
            first.StatusCode.ShouldBe(HttpStatusCode.OK, await first.Content.ReadAsStringAsync());
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        using (var third = await router.ChatAsync())
            await ExpectErrorAsync(third, HttpStatusCode.TooManyRequests, "rate_limit_exceeded");
        await Eventually.TrueAsync(() => router.AccessLog.Contains("\"tenant\":\"jwt:alice\"", StringComparison.Ordinal), "the access log does not name the tenant");
        router.AccessLog.ShouldNotContain("eyJ");
        upstream.Received.ShouldAllBe(r => !r.Headers.ContainsKey("Authorization"));

        router.Client.DefaultRequestHeaders.Authorization = new("Bearer", Token(_newRsa, "one", time: TimeProvider.System));
        using var forged = await router.ChatAsync();
        await ExpectErrorAsync(forged, HttpStatusCode.Unauthorized, "invalid_token");
        forged.Headers.WwwAuthenticate.ToString().ShouldContain("Bearer");
    }

    [Fact]
    public async Task Good_tokens_give_their_tenant_and_models()
    {
        var authority = Authority(new JwtOptions { ModelsClaim = "models" });
        var (caller, until, error) = await authority.ValidateAsync(Token(_rsa, "one", claims: new() { ["models"] = new[] { "chat", "embed" } }), default);
        error.ShouldBeNull();
        (caller!.Id, caller.Tenant).ShouldBe(("jwt:alice", "jwt:alice"));
        caller.Models!.Order().ShouldBe(["chat", "embed"]);
        (until - _time.NowMs()).ShouldBe(60_000);

        (caller, _, _) = await authority.ValidateAsync(Token(_rsa, "one", claims: new() { ["models"] = "chat embed" }), default);
        caller!.Models!.Order().ShouldBe(["chat", "embed"]);
        (caller, _, _) = await authority.ValidateAsync(Token(_rsa, "one"), default);
        caller!.Models.ShouldNotBeNull().ShouldBeEmpty("a token that lists no models may use none where a list is asked for");
        (caller, _, _) = await Authority().ValidateAsync(Token(_rsa, "one"), default);
        caller!.Models.ShouldBeNull();
    }

    [Fact]
    public async Task Every_other_token_is_refused_with_the_reason()
    {
        var authority = Authority();
        var publicKey = new SymmetricSecurityKey(Encoding.ASCII.GetBytes(_rsa.ExportRSAPublicKeyPem())) { KeyId = "one" };
        (string Token, string Reason)[] cases =
        [
            (Token(_rsa, "one", lifetime: -31), "expired"),
            (Token(_rsa, "one", notBefore: 31), "not valid yet"),
            (Token(_rsa, "one", audience: "other"), "another audience"),
            (Token(_rsa, "one", issuer: "http://127.0.0.1:1"), "another issuer"),
            (Token(_newRsa, "one"), "signature"),
            (Token(_newRsa, "two"), "signature"),
            (Unsigned(), "signature"),
            (Sign(Descriptor(new SigningCredentials(publicKey, SecurityAlgorithms.HmacSha256))), "signature"),
            (Tampered(), "signature"),
            ("ey.ey.ey", "no JSON Web Token"),
            ("eyJhbGciOiJSUzI1NiJ9.bm8.bm8", "no JSON Web Token"),
            ("ey." + new string('x', 20_000) + ".x", "no JSON Web Token"),
            (Token(_rsa, "one", subject: new string('x', 129)), "claim sub"),
            (Token(_rsa, "one", subject: null), "claim sub"),
        ];
        foreach (var (token, reason) in cases)
        {
            var (caller, _, error) = await authority.ValidateAsync(token, default);
            caller.ShouldBeNull(reason);
            (error!.Status, error.Code).ShouldBe((401, "invalid_token"));
            error.Message.ShouldContain(reason);
            error.Message.ShouldNotContain(token);
        }
    }

    [Fact]
    public async Task A_clock_that_differs_a_little_does_not_matter()
    {
        (await Authority().ValidateAsync(Token(_rsa, "one", lifetime: -29), default)).Error.ShouldBeNull();
        (await Authority().ValidateAsync(Token(_rsa, "one", notBefore: 29), default)).Error.ShouldBeNull();
    }

    [Fact]
    public async Task A_new_signing_key_is_read_when_a_token_names_it_but_not_for_every_invented_name()
    {
        var authority = Authority();
        (await authority.ValidateAsync(Token(_rsa, "one"), default)).Error.ShouldBeNull();
        _reads.ShouldBe(1);
        Publish((_newRsa, "two"));
        for (var i = 0; i < 20; i++)
            (await authority.ValidateAsync(Token(_newRsa, "two"), default)).Error.ShouldNotBeNull();
        _reads.ShouldBe(1, "the keys are younger than ten seconds");

        _time.Advance(TimeSpan.FromSeconds(11));
        (await authority.ValidateAsync(Token(_newRsa, "two"), default)).Error.ShouldBeNull();
        (await authority.ValidateAsync(Token(_rsa, "one"), default)).Error.ShouldNotBeNull("the old key was withdrawn");
        _reads.ShouldBe(2);
    }

    [Fact]
    public async Task Known_keys_serve_on_while_the_issuer_is_away_and_nobody_is_let_in_without_any()
    {
        var authority = Authority();
        (await authority.ValidateAsync(Token(_rsa, "one"), default)).Error.ShouldBeNull();
        _published = "<html>maintenance</html>";
        _time.Advance(TimeSpan.FromMinutes(11));
        (await authority.ValidateAsync(Token(_rsa, "one"), default)).Error.ShouldBeNull();
        (await Authority().ValidateAsync(Token(_rsa, "one"), default)).Error!.Code.ShouldBe("invalid_token");
    }

    [Fact]
    public async Task Keys_may_lie_in_a_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, _published, TestContext.Current.CancellationToken);
            (await Authority(new JwtOptions { Jwks = file }).ValidateAsync(Token(_rsa, "one"), default)).Error.ShouldBeNull();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("", "x", "Router:Jwt:Issuer")]
    [InlineData("x", "", "Router:Jwt:Audience")]
    public void What_is_missing_in_the_settings_is_named(string issuer, string audience, string setting) =>
        Should.Throw<InvalidOperationException>(() => new JwtOptions { Issuer = issuer, Audience = audience }.Checked()).Message.ShouldContain(setting);

    private TokenAuthority Authority(JwtOptions? options = null)
    {
        var own = (options ?? new JwtOptions()) with { Issuer = Issuer, Audience = Audience };
        return new TokenAuthority(own, new SigningKeys(own, _time, NullLogger<SigningKeys>.Instance), _time);
    }

    private void Publish(params (RSA Key, string Id)[] keys) => _published = new JsonObject
    {
        ["keys"] = new JsonArray([.. keys.Select(k =>
        {
            var parameters = k.Key.ExportParameters(includePrivateParameters: false);
            return (JsonNode)new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = k.Id, ["n"] = Base64UrlEncoder.Encode(parameters.Modulus!), ["e"] = Base64UrlEncoder.Encode(parameters.Exponent!) };
        })]),
    }.ToJsonString();

    private string Token(RSA key, string id, double lifetime = 3_600, double notBefore = -60, string? audience = Audience, string? issuer = null, string? subject = "alice", Dictionary<string, object>? claims = null, TimeProvider? time = null)
    {
        var descriptor = Descriptor(new SigningCredentials(new RsaSecurityKey(key) { KeyId = id }, SecurityAlgorithms.RsaSha256));
        var now = (time ?? _time).GetUtcNow().UtcDateTime;
        (descriptor.Audience, descriptor.Issuer) = (audience, issuer ?? Issuer);
        (descriptor.Expires, descriptor.NotBefore) = (now.AddSeconds(lifetime), now.AddSeconds(Math.Min(notBefore, lifetime - 1)));
        descriptor.Claims = claims ?? [];
        if (subject is not null)
            descriptor.Claims["sub"] = subject;
        return Sign(descriptor);
    }

    private SecurityTokenDescriptor Descriptor(SigningCredentials credentials) => new()
    {
        Issuer = Issuer,
        Audience = Audience,
        Expires = _time.GetUtcNow().UtcDateTime.AddHours(1),
        NotBefore = _time.GetUtcNow().UtcDateTime.AddMinutes(-1),
        IssuedAt = _time.GetUtcNow().UtcDateTime.AddMinutes(-1),
        Claims = new Dictionary<string, object> { ["sub"] = "alice" },
        SigningCredentials = credentials,
    };

    private static string Sign(SecurityTokenDescriptor descriptor) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);

    private string Unsigned()
    {
        var payload = Token(_rsa, "one").Split('.')[1];
        return $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{payload}.";
    }

    private string Tampered()
    {
        var parts = Token(_rsa, "one").Split('.');
        var payload = Base64UrlEncoder.Decode(parts[1]).Replace("alice", "admin", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64UrlEncoder.Encode(payload)}.{parts[2]}";
    }
}
