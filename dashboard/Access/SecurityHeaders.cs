namespace Ops.Dashboard.Access;

/// <summary>What a browser may do with a page: run our scripts, and nothing that came in with data.</summary>
internal static class SecurityHeaders
{
    // Styles may be inline: MudBlazor's theme and the positions of its popovers are. Scripts may not.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "object-src 'none'; base-uri 'self'; frame-ancestors 'none'; form-action 'self'";

    /// <summary>Adds the headers to every answer.</summary>
    /// <param name="app">The application.</param>
    /// <param name="oidc">The provider; signing out is a form that leads on to it.</param>
    public static void UseSecurityHeaders(this WebApplication app, OidcOptions oidc)
    {
        var policy = oidc.IsOn ? $"{Policy} {new Uri(oidc.Authority).GetLeftPart(UriPartial.Authority)}" : Policy;
        app.Use((context, next) => Add(context, next, policy));
    }

    private static Task Add(HttpContext context, RequestDelegate next, string policy)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return next(context);
    }
}
