using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Ops.Dashboard.Access;

/// <summary>Sign-in by a token of the API server, or through a provider; kept in an encrypted cookie that scripts cannot read.</summary>
internal static class SignIn
{
    /// <summary>The page that asks for a token.</summary>
    public const string Path = "/signin";

    /// <summary>Where the sign-out form goes.</summary>
    public const string OutPath = "/signout";

    // A service account's token has about 1 KB; cookies are cut into pieces of 4 KB.
    private const int MaxTokenLength = 8 << 10;

    /// <summary>Registers the cookie, and the provider where there is one.</summary>
    public static void Register(IServiceCollection services, DashboardOptions options)
    {
        var authentication = services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.LoginPath = Path;
            cookie.ReturnUrlParameter = "returnUrl";
            cookie.ExpireTimeSpan = options.SessionLifetime;
            cookie.Cookie.Name = "ops-session";
            cookie.Cookie.HttpOnly = true;
            // Who comes back from a provider comes by its link, which takes no strict cookie along. Forms have their own protection.
            cookie.Cookie.SameSite = options.Oidc.IsOn ? SameSiteMode.Lax : SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = Secure(options);
        });
        if (options.Oidc.IsOn)
            OidcSignIn.Register(authentication, options);
        services.AddAuthorization();
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "ops-antiforgery";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
        });
    }

    /// <summary>Adds the page and the two forms; both check the anti-forgery token.</summary>
    public static void MapSignIn(this WebApplication app)
    {
        app.MapGet(Path, (HttpContext context, string? returnUrl) => Page(context, returnUrl, null));
        app.MapPost(Path, PostAsync);
        app.MapPost(OutPath, OutAsync);
        if (app.Services.GetRequiredService<DashboardOptions>().Oidc.IsOn)
            OidcSignIn.Map(app);
    }

    /// <summary>Whether cookies go over TLS only.</summary>
    internal static CookieSecurePolicy Secure(DashboardOptions options) =>
        options.Oidc.PublicUrl?.StartsWith("https:", StringComparison.Ordinal) == true ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;

    /// <summary>The page, with the reason why the last try failed.</summary>
    internal static RazorComponentResult Page(HttpContext context, string? returnUrl, string? problem)
    {
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        var oidc = context.RequestServices.GetRequiredService<DashboardOptions>().Oidc;
        return new RazorComponentResult<SignInPage>(new Dictionary<string, object?>
        {
            [nameof(SignInPage.FieldName)] = tokens.FormFieldName,
            [nameof(SignInPage.FieldValue)] = tokens.RequestToken,
            [nameof(SignInPage.ReturnUrl)] = IsLocal(returnUrl) ? returnUrl : null,
            [nameof(SignInPage.Provider)] = oidc.IsOn ? oidc.Name : null,
            [nameof(SignInPage.Problem)] = problem,
        })
        {
            StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized,
        };
    }

    // "//host" and "/\host" are other hosts to a browser.
    internal static bool IsLocal(string? url) => url is ['/', ..] && url is not (['/', '/', ..] or ['/', '\\', ..]);

    private static async Task<IResult> OutAsync(HttpContext context, DashboardOptions options, [FromForm] string? from)
    {
        // Who came through the provider leaves there too, or its session would sign the next person in.
        var cameThrough = options.Oidc.IsOn && await context.GetTokenAsync(OpenIdConnectParameterNames.IdToken) is not null;
        return cameThrough
            ? Results.SignOut(new() { RedirectUri = Path }, [OpenIdConnectDefaults.AuthenticationScheme, CookieAuthenticationDefaults.AuthenticationScheme])
            : Results.SignOut(new() { RedirectUri = Path }, [CookieAuthenticationDefaults.AuthenticationScheme]);
    }

    private static async Task<IResult> PostAsync(
        HttpContext context, UserAccess access, [FromForm] string? token, [FromForm] string? returnUrl, CancellationToken cancellation)
    {
        token = token?.Trim();
        if (string.IsNullOrEmpty(token) || token.Length > MaxTokenLength || token.Any(letter => letter is <= ' ' or > '~'))
            return Page(context, returnUrl, "Paste a token: one line of letters and digits, as ./ops up or kubectl create token prints it.");
        var credential = new UserCredential(token);
        var check = await access.CheckAsync(credential, cancellation);
        if (check.User is null)
            return Page(context, returnUrl, check.Problem);
        await context.SignInAsync(credential.Principal(check.User, CookieAuthenticationDefaults.AuthenticationScheme), new AuthenticationProperties { IsPersistent = true });
        return Results.LocalRedirect(IsLocal(returnUrl) ? returnUrl! : "/");
    }
}
