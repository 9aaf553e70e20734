using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Ops.Browser;

/// <summary>
/// An OpenID Connect provider on loopback for tests: discovery, keys, authorization code with PKCE, tokens, sign-out. It asks for no
/// password; a person chooses who to be. Its address is localhost, which to a browser is another site than the dashboard's 127.0.0.1.
/// </summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    private const string ClientId = "ops-dashboard";

    private readonly WebApplication app;
    private readonly RSA key = RSA.Create(2048);
    private readonly Dictionary<string, Dictionary<string, string?>> codes = [];

    private IdentityProvider(WebApplication app) => this.app = app;

    /// <summary>The issuer.</summary>
    public string Authority { get; private set; } = "";

    /// <summary>The client's secret.</summary>
    public string Secret { get; set; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Sign-outs that named an id token of this provider.</summary>
    public int SignedOut { get; private set; }

    public static async Task<IdentityProvider> StartAsync(CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = new IdentityProvider(builder.Build());
        provider.app.MapGet("/.well-known/openid-configuration", provider.Describe);
        provider.app.MapGet("/keys", provider.Keys);
        provider.app.MapGet("/authorize", provider.Authorize);
        provider.app.MapPost("/token", (Delegate)provider.TokenAsync);
        provider.app.MapGet("/signout", provider.SignOut);
        await provider.app.StartAsync(cancellation);
        var address = new Uri(provider.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        provider.Authority = $"http://localhost:{address.Port}";
        return provider;
    }

    /// <summary>The settings of a dashboard that knows it.</summary>
    public Dictionary<string, string?> Settings(string folder)
    {
        var secret = Path.Combine(folder, "client-secret");
        File.WriteAllText(secret, Secret + "\n");
        return new()
        {
            ["Dashboard__Oidc__Authority"] = Authority, ["Dashboard__Oidc__ClientId"] = ClientId, ["Dashboard__Oidc__ClientSecretFile"] = secret,
            ["Dashboard__Oidc__UserClaim"] = "preferred_username", ["Dashboard__Oidc__Groups"] = "sre", ["Dashboard__Oidc__Name"] = "Example",
        };
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        key.Dispose();
    }

    private IResult Describe() => Results.Json(new JsonObject
    {
        ["issuer"] = Authority, ["authorization_endpoint"] = $"{Authority}/authorize", ["token_endpoint"] = $"{Authority}/token", ["jwks_uri"] = $"{Authority}/keys",
        ["end_session_endpoint"] = $"{Authority}/signout", ["response_types_supported"] = new JsonArray("code"), ["subject_types_supported"] = new JsonArray("public"),
        ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"), ["code_challenge_methods_supported"] = new JsonArray("S256"),
    });

    private IResult Keys()
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return Results.Json(new JsonObject { ["keys"] = new JsonArray(new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = "one", ["n"] = Base64UrlEncoder.Encode(parameters.Modulus!), ["e"] = Base64UrlEncoder.Encode(parameters.Exponent!) }) });
    }

    private IResult Authorize(HttpContext context)
    {
        var query = context.Request.Query.ToDictionary(pair => pair.Key, pair => (string?)pair.Value.ToString());
        if (query.GetValueOrDefault("client_id") != ClientId || query.GetValueOrDefault("response_type") != "code" || query.GetValueOrDefault("code_challenge_method") != "S256" || !query.ContainsKey("nonce"))
            return Results.BadRequest("no authorization code request with PKCE and nonce of a known client");
        var answer = new Dictionary<string, string?> { ["state"] = query["state"] };
        switch (query.GetValueOrDefault("user"))
        {
            case null:
                var here = Authority + context.Request.Path + context.Request.QueryString;
                return Results.Content($"<!DOCTYPE html><title>Example</title>{string.Concat(((string[])["ada", "mallory", "nobody"]).Select(user => $"<p><a href=\"{System.Net.WebUtility.HtmlEncode(QueryHelpers.AddQueryString(here, "user", user))}\">{user}</a>"))}", "text/html");
            case "nobody":
                answer["error"] = "access_denied";
                break;
            default:
                answer["code"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
                lock (codes)
                    codes[answer["code"]!] = query;
                break;
        }

        return Results.Redirect(QueryHelpers.AddQueryString(query["redirect_uri"]!, answer));
    }

    private async Task<IResult> TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form["client_id"] != ClientId || form["client_secret"] != Secret)
            return Results.Json(new JsonObject { ["error"] = "invalid_client" }, statusCode: 401);
        Dictionary<string, string?>? query;
        lock (codes)
            codes.Remove(form["code"].ToString(), out query);
        var proof = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (query is null || query["code_challenge"] != proof || query["redirect_uri"] != form["redirect_uri"])
            return Results.Json(new JsonObject { ["error"] = "invalid_grant" }, statusCode: 400);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Authority, Audience = ClientId, IssuedAt = now, NotBefore = now, Expires = now.AddHours(1),
            Claims = new Dictionary<string, object> { ["sub"] = "4711", ["preferred_username"] = query["user"]!, ["nonce"] = query["nonce"]!, ["groups"] = new[] { "all", "sre" } },
            SigningCredentials = new SigningCredentials(new RsaSecurityKey(key) { KeyId = "one" }, SecurityAlgorithms.RsaSha256),
        });
        return Results.Json(new JsonObject { ["access_token"] = "not-used", ["token_type"] = "Bearer", ["expires_in"] = 3600, ["id_token"] = token });
    }

    private IResult SignOut(HttpContext context)
    {
        var query = context.Request.Query;
        if (new JsonWebToken(query["id_token_hint"].ToString()).Issuer == Authority)
            SignedOut++;
        return Results.Redirect(QueryHelpers.AddQueryString(query["post_logout_redirect_uri"]!, "state", query["state"].ToString()));
    }
}
