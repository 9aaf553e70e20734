using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Http;

/// <summary>Something that answers requests outside the generic verbs.</summary>
internal interface IRequestHandler
{
    /// <summary>What answers the request, or null when it is not this handler's.</summary>
    RequestDelegate? Find(RequestInfo info);
}

/// <summary>The subresources of resources that are served, each with its own handler.</summary>
internal interface ISubresourceHandler
{
    bool Serves(ServedResource resource, string subresource);

    Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info);
}

/// <summary>Sends a request to the part that answers it.</summary>
internal sealed class Dispatcher(
    ResourceRegistry registry, ResourceHandler resources, IReadOnlyList<IRequestHandler> handlers, IReadOnlyList<ISubresourceHandler> subresources)
{
    public Task ServeAsync(HttpContext context)
    {
        var info = ApiRequest.Of(context).Info;
        foreach (var handler in handlers)
        {
            if (handler.Find(info) is { } served) return served(context);
        }

        var resource = info.IsResource ? registry.Current.Find(info.Group, info.Version, info.Resource) : null;
        if (resource is null || (info.Namespace.Length > 0 && !resource.Kind.Namespaced && resource.Storage != Known.Namespaces)) return UnknownPathAsync(context);
        if (info.Subresource.Length == 0) return resources.ServeAsync(context, resource, info);
        if (info.Subresource == "status" && resource.Kind.HasStatus) return resources.ServeStatusAsync(context, resource, info);
        foreach (var handler in subresources)
        {
            if (handler.Serves(resource, info.Subresource)) return handler.ServeAsync(context, resource, info);
        }

        throw Errors.UnknownPath();
    }

    /// <summary>As net/http answers: text, not a Status. Clients tell a missing API from a missing object by this.</summary>
    public static Task UnknownPathAsync(HttpContext context) =>
        Responses.WriteTextAsync(context, "404 page not found\n", StatusCodes.Status404NotFound);
}
