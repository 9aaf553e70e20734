using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Discovery;

/// <summary>/api and /apis, aggregated or one group at a time.</summary>
internal sealed class DiscoveryHandler(ResourceRegistry registry) : IRequestHandler
{
    private const string Json = "application/json";

    private readonly DocumentCache _cache = new(registry);

    public RequestDelegate? Find(RequestInfo info)
    {
        if (info.IsResource) return null;
        return info.Path.Trim('/').Split('/') switch
        {
            ["api"] => context => RootAsync(context, core: true),
            ["apis"] => context => RootAsync(context, core: false),
            ["api", "v1"] => context => ResourcesAsync(context, "", "v1"),
            ["apis", var group] => context => GroupAsync(context, group),
            ["apis", var group, var version] => context => ResourcesAsync(context, group, version),
            _ => null,
        };
    }

    private Task RootAsync(HttpContext context, bool core)
    {
        foreach (var entry in context.Request.Headers.Accept.ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (type, parameters) = MediaTypes.Split(entry);
            if (type is not (Json or "application/*" or "*/*")) continue;
            if (!parameters.TryGetValue("as", out var form)) return LegacyRootAsync(context, core);
            var version = parameters.GetValueOrDefault("v");
            if (form == "APIGroupDiscoveryList" && parameters.GetValueOrDefault("g") == "apidiscovery.k8s.io" && version is "v2" or "v2beta1")
            {
                return _cache.Get($"{version} {core}", c => DiscoveryDocuments.Aggregated(c, core, version))
                    .SendAsync(context, $"{Json};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
            }
        }

        return context.Request.Headers.Accept.Count == 0 ? LegacyRootAsync(context, core) : throw Errors.NotAcceptable();
    }

    private Task LegacyRootAsync(HttpContext context, bool core) => core
        ? Responses.WriteAsync(context, DiscoveryDocuments.CoreVersions(context.Request.Host.Value ?? ""))
        : _cache.Get("groups", DiscoveryDocuments.GroupList).SendAsync(context, Json);

    private Task GroupAsync(HttpContext context, string group) =>
        DiscoveryDocuments.SingleGroup(registry.Current, group) is { } document ? Responses.WriteAsync(context, document) : Dispatcher.UnknownPathAsync(context);

    private Task ResourcesAsync(HttpContext context, string group, string version) =>
        DiscoveryDocuments.ResourceList(registry.Current, group, version) is { } document ? Responses.WriteAsync(context, document) : Dispatcher.UnknownPathAsync(context);
}
