using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Ops.Dashboard.Access;

/// <summary>Sign-in by a token of the API server, kept in an encrypted cookie that scripts cannot read.</summary>
internal static class SignIn
{
    /// <summary>The page that asks for a token.</summary>
    public const string Path = "/signin";

    /// <summary>Where the sign-out form goes.</summary>
    public const string OutPath = "/signout";

    private const string TokenClaim = "token";

    // A service account's token has about 1 KB; cookies are cut into pieces of 4 KB.
    private const int MaxTokenLength = 8 << 10;

    /// <summary>The user's own token.</summary>
    public static string? TokenOf(ClaimsPrincipal user) => user.FindFirstValue(TokenClaim);

    /// <summary>Registers the cookie.</summary>
    public static void Register(IServiceCollection services, DashboardOptions options)
    {
        services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(cookie =>
        {
            cookie.LoginPath = Path;
            cookie.ReturnUrlParameter = "returnUrl";
            cookie.ExpireTimeSpan = options.SessionLifetime;
            cookie.Cookie.Name = "ops-session";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
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
        app.MapGet(Path, (HttpContext context, IAntiforgery antiforgery, string? returnUrl) => Page(context, antiforgery, returnUrl, null));
        app.MapPost(Path, PostAsync);
        app.MapPost(OutPath, async (HttpContext context, [FromForm] string? from) =>
        {
            await context.SignOutAsync();
            return Results.LocalRedirect(Path);
        });
    }

    private static async Task<IResult> PostAsync(
        HttpContext context, IAntiforgery antiforgery, UserAccess access, [FromForm] string? token, [FromForm] string? returnUrl, CancellationToken cancellation)
    {
        token = token?.Trim();
        if (string.IsNullOrEmpty(token) || token.Length > MaxTokenLength || token.Any(letter => letter is <= ' ' or > '~'))
            return Page(context, antiforgery, returnUrl, "Paste a token: one line of letters and digits, as ./ops up or kubectl create token prints it.");
        var check = await access.CheckAsync(token, cancellation);
        if (check.User is null)
            return Page(context, antiforgery, returnUrl, check.Problem);
        var identity = new ClaimsIdentity(
            [new(ClaimTypes.Name, check.User), new(TokenClaim, token)], CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = true });
        return Results.LocalRedirect(IsLocal(returnUrl) ? returnUrl! : "/");
    }

    private static RazorComponentResult Page(HttpContext context, IAntiforgery antiforgery, string? returnUrl, string? problem)
    {
        var tokens = antiforgery.GetAndStoreTokens(context);
        return new RazorComponentResult<SignInPage>(new Dictionary<string, object?>
        {
            [nameof(SignInPage.FieldName)] = tokens.FormFieldName,
            [nameof(SignInPage.FieldValue)] = tokens.RequestToken,
            [nameof(SignInPage.ReturnUrl)] = IsLocal(returnUrl) ? returnUrl : null,
            [nameof(SignInPage.Problem)] = problem,
        })
        {
            StatusCode = problem is null ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized,
        };
    }

    // "//host" and "/\host" are other hosts to a browser.
    private static bool IsLocal(string? url) => url is ['/', ..] && url is not (['/', '/', ..] or ['/', '\\', ..]);
}
