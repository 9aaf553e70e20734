using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Auth;

namespace Ops.Sandbox.Api.Http;

/// <summary>What the pipeline knows about a request; filled step by step.</summary>
internal sealed class ApiRequest
{
    public UserInfo User { get; set; } = UserInfo.Anonymous;

    public RequestInfo Info { get; set; } = RequestInfo.None;

    public static ApiRequest Of(HttpContext context)
    {
        if (context.Features.Get<ApiRequest>() is { } existing) return existing;
        var created = new ApiRequest();
        context.Features.Set(created);
        return created;
    }
}
