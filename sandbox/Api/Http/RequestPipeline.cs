using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Auth;

namespace Ops.Sandbox.Api.Http;

/// <summary>Every request passes these steps in this order.</summary>
internal sealed partial class RequestPipeline(Authenticator authenticator, Authorizer authorizer, Dispatcher dispatcher, RequestMetrics metrics, ILogger<RequestPipeline> logger)
{
    /// <summary>Open to everybody, as kube-apiserver's system:public-info-viewer is.</summary>
    private static readonly string[] PublicPaths = ["/version", "/healthz", "/livez", "/readyz"];

    public void Compose(IApplicationBuilder app)
    {
        app.UseWebSockets();
        app.Use(AddHeadersAsync);
        app.Use(CountAsync);
        app.Use(AnswerErrorsAsync);
        app.Use(ReadPathAsync);
        app.Use(AuthenticateAsync);
        app.Use(AuthorizeAsync);
        app.Run(dispatcher.ServeAsync);
    }

    private static Task AddHeadersAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers["Audit-Id"] = Guid.NewGuid().ToString();
        context.Response.Headers.CacheControl = "no-cache, private";
        return next(context);
    }

    private async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            var info = ApiRequest.Of(context).Info;
            metrics.Count(info.Verb, info.Group, info.Resource, context.Response.StatusCode);
        }
    }

    private async Task AnswerErrorsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (ApiException e) when (!context.Response.HasStarted)
        {
            await Responses.WriteStatusAsync(context, e.Status);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left; there is nobody to answer.
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Responses.WriteStatusAsync(context, Errors.BadRequest(e.Message).Status);
        }
#pragma warning disable CA1031 // The last resort: a bug becomes a 500 Status and a log line, never a torn connection.
        catch (Exception e) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            Log.Failed(logger, context.Request.Method, context.Request.Path, e);
            await Responses.WriteStatusAsync(context, Errors.Internal($"{e.GetType().Name}: {e.Message}").Status);
        }
    }

    private static Task ReadPathAsync(HttpContext context, RequestDelegate next)
    {
        ApiRequest.Of(context).Info = RequestInfo.Parse(context.Request);
        return next(context);
    }

    private Task AuthenticateAsync(HttpContext context, RequestDelegate next)
    {
        var user = authenticator.Identify(context);
        ApiRequest.Of(context).User = Impersonation.Apply(context, user, authorizer);
        return next(context);
    }

    private Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        var request = ApiRequest.Of(context);
        var isPublic = !request.Info.IsResource && PublicPaths.Any(p => request.Info.Path == p || request.Info.Path.StartsWith($"{p}/", StringComparison.Ordinal));
        if (!isPublic) authorizer.Require(request.User, Authorizer.Attributes(request.Info));
        return next(context);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, string method, PathString path, Exception error);
    }
}
