using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Ops.Dashboard.Access;

/// <summary>Sign-in through an OpenID Connect provider: authorization code with PKCE, discovery, and sign-out there too.</summary>
internal static partial class OidcSignIn
{
    /// <summary>Where the button leads.</summary>
    public const string Path = "/signin/provider";

    /// <summary>Where the provider sends browsers back to; to be registered there.</summary>
    public const string CallbackPath = "/signin/callback";

    private const string SignedOutPath = "/signout/callback";

    // The provider answers within this, or the person reads why not.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A person may look for a second factor.
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMinutes(10);

    /// <summary>Registers the scheme; nothing is read from the provider yet.</summary>
    public static void Register(AuthenticationBuilder authentication, DashboardOptions dashboard)
    {
        var oidc = dashboard.Oidc;
        authentication.AddOpenIdConnect(options =>
        {
            options.Authority = oidc.Authority;
            options.RequireHttpsMetadata = oidc.Authority.StartsWith("https:", StringComparison.Ordinal);
            options.ClientId = oidc.ClientId;
            if (oidc.ClientSecretFile is { Length: > 0 } file)
                options.ClientSecret = File.ReadAllText(file).Trim();
            (options.ResponseType, options.ResponseMode, options.UsePkce) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query, true);
            options.PushedAuthorizationBehavior = PushedAuthorizationBehavior.Disable;
            options.SignInScheme = CookieAuthenticationDefaults.AuthenticationScheme;
            (options.CallbackPath, options.SignedOutCallbackPath, options.SignedOutRedirectUri) = (CallbackPath, SignedOutPath, SignIn.Path);
            (options.SaveTokens, options.GetClaimsFromUserInfoEndpoint, options.MapInboundClaims) = (false, false, false);
            (options.BackchannelTimeout, options.RemoteAuthenticationTimeout) = (Patience, RoundTrip);
            options.Scope.Clear();
            foreach (var scope in oidc.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Prepend("openid").Distinct())
                options.Scope.Add(scope);
            foreach (var cookie in (CookieBuilder[])[options.CorrelationCookie, options.NonceCookie])
            {
                // The provider sends browsers back by a plain link, which takes Lax cookies along; None would need TLS even on loopback.
                (cookie.HttpOnly, cookie.SameSite, cookie.SecurePolicy) = (true, SameSiteMode.Lax, SignIn.Secure(dashboard));
            }

            options.Events = new OpenIdConnectEvents
            {
                OnRedirectToIdentityProvider = context => Own(context, oidc, CallbackPath, (message, url) => message.RedirectUri = url),
                OnRedirectToIdentityProviderForSignOut = context => SignOutAsync(context, oidc),
                OnTokenValidated = context => AcceptAsync(context, dashboard),
                OnRemoteFailure = RefuseAsync,
            };
        });
    }

    /// <summary>Adds the address that the button leads to.</summary>
    public static void Map(WebApplication app) => app.MapGet(Path, async (HttpContext context, string? returnUrl) =>
    {
        try
        {
            await context.ChallengeAsync(OpenIdConnectDefaults.AuthenticationScheme, new() { RedirectUri = SignIn.IsLocal(returnUrl) ? returnUrl : "/" });
            return Results.Empty;
        }
        catch (Exception e) when (e is InvalidOperationException or HttpRequestException or IOException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            Log.NoProvider(Logger(context), e);
            return SignIn.Page(context, returnUrl, "The provider's description cannot be read: see that Dashboard__Oidc__Authority is its address and that the dashboard reaches it, then try again.");
        }
    });

    private static Task Own(RedirectContext context, OidcOptions oidc, string path, Action<OpenIdConnectMessage, string> set)
    {
        if (oidc.PublicUrl is { Length: > 0 } url)
            set(context.ProtocolMessage, url.TrimEnd('/') + path);
        return Task.CompletedTask;
    }

    private static Task SignOutAsync(RedirectContext context, OidcOptions oidc)
    {
        if (!string.IsNullOrEmpty(context.ProtocolMessage.IssuerAddress))
            return Own(context, oidc, SignedOutPath, (message, url) => message.PostLogoutRedirectUri = url);
        // A provider without a way to sign out: its own session stays.
        context.Response.Redirect(SignIn.Path);
        context.HandleResponse();
        return Task.CompletedTask;
    }

    // The id token is genuine; whether its owner may come in is the API server's word.
    private static async Task AcceptAsync(TokenValidatedContext context, DashboardOptions dashboard)
    {
        // The raw token as it was checked: what the API server is shown where it trusts the provider, and the hint at sign-out.
        var token = context.TokenEndpointResponse?.IdToken ?? context.ProtocolMessage.IdToken;
        if (OidcUser.Of(context.Principal!, token, dashboard.Oidc, out var problem) is not { } user)
        {
            context.Fail(new SignInException(problem));
            return;
        }

        var check = await context.HttpContext.RequestServices.GetRequiredService<UserAccess>().CheckAsync(user, context.HttpContext.RequestAborted);
        if (check.User is null)
        {
            context.Fail(new SignInException(user.Token is null
                ? check.Problem!
                : $"{check.Problem} With Dashboard__Oidc__Access=token the API server has to trust the provider (--oidc-issuer-url, --oidc-client-id); with impersonate it need not."));
            return;
        }

        context.Principal = user.Principal(check.User, CookieAuthenticationDefaults.AuthenticationScheme);
        (context.Properties!.IsPersistent, context.Properties.AllowRefresh) = (true, false);
        // A token that the API server is shown ends when it ends.
        if (user.Token is not null && context.SecurityToken is { } valid)
            context.Properties.ExpiresUtc = Sooner(new DateTimeOffset(valid.ValidTo, TimeSpan.Zero), Time(context).GetUtcNow() + dashboard.SessionLifetime);
        context.Properties.StoreTokens([new() { Name = OpenIdConnectParameterNames.IdToken, Value = token }]);
    }

    private static async Task RefuseAsync(RemoteFailureContext context)
    {
        context.HandleResponse();
        var sentence = Sentence(context.Failure);
        Log.Refused(Logger(context.HttpContext), sentence, context.Failure is SignInException ? null : context.Failure);
        await SignIn.Page(context.HttpContext, context.Properties?.RedirectUri, sentence).ExecuteAsync(context.HttpContext);
    }

    private static string Sentence(Exception? failure)
    {
        if (failure is SignInException own)
            return own.Message;
        var error = $"{failure?.Data["error"]}";
        return error switch
        {
            "access_denied" => "The provider refused the sign-in: access_denied. Ask whoever runs it for access to this dashboard.",
            "invalid_client" or "unauthorized_client" => $"The provider does not know this dashboard: {error}. Correct Dashboard__Oidc__ClientId and Dashboard__Oidc__ClientSecretFile.",
            "invalid_scope" => "The provider does not know what is asked for: invalid_scope. Correct Dashboard__Oidc__Scopes.",
            _ when failure?.Message.Contains("Correlation failed", StringComparison.Ordinal) == true || failure?.Message.Contains("state", StringComparison.OrdinalIgnoreCase) == true =>
                string.Create(CultureInfo.InvariantCulture, $"This answer belongs to no sign-in of this browser within the last {RoundTrip.TotalMinutes:0} minutes; begin again."),
            _ => "The provider's answer was not accepted; the dashboard's log says why. Begin again, or sign in with a token.",
        };
    }

    private static DateTimeOffset Sooner(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static TimeProvider Time(TokenValidatedContext context) => context.HttpContext.RequestServices.GetRequiredService<TimeProvider>();

    private static ILogger Logger(HttpContext context) => context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(OidcSignIn));

    /// <summary>Why nobody is signed in, one sentence to the person.</summary>
    private sealed class SignInException(string message) : Exception(message);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The identity provider cannot be read")]
        public static partial void NoProvider(ILogger logger, Exception trouble);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A sign-in through the identity provider was refused: {Reason}")]
        public static partial void Refused(ILogger logger, string reason, Exception? trouble);
    }
}
