using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Tables;

/// <summary>Columns of Services and what stands behind them.</summary>
internal static class NetworkColumns
{
    public static readonly IReadOnlyList<Column> Service =
    [
        new("Type", "string", static (o, _) => o.At("spec", "type").AsText() ?? "ClusterIP"),
        new("Cluster-IP", "string", static (o, _) => o.At("spec", "clusterIP").AsText() ?? "<none>"),
        new("External-IP", "string", static (o, _) => ExternalAddress(o)),
        new("Port(s)", "string", static (o, _) => Ports(o)),
    ];

    public static readonly Column Selector = new("Selector", "string", static (o, _) => WorkloadColumns.Pairs(o.At("spec", "selector") as JsonObject), Priority: 1);

    public static readonly Column Endpoints = new("Endpoints", "string", static (o, _) => EndpointsText(o));

    public static readonly IReadOnlyList<Column> EndpointSlice =
    [
        new("AddressType", "string", static (o, _) => o.Text("addressType")),
        new("Ports", "string", static (o, _) => Short(o.Items("ports").Select(p => p.Number("port")?.ToString() ?? "*"), "<unset>")),
        new("Endpoints", "string", static (o, _) => Short(o.Items("endpoints").SelectMany(e => e.Texts("addresses")), "<unset>")),
    ];

    public static readonly IReadOnlyList<Column> Ingress =
    [
        new("Class", "string", static (o, _) => o.At("spec", "ingressClassName").AsText() ?? "<none>"),
        new("Hosts", "string", static (o, _) => Short(o.Child("spec").Items("rules").Select(r => r.Text("host") ?? "*"), "*")),
        new("Address", "string", static (o, _) => ""),
        new("Ports", "string", static (o, _) => o.Child("spec").Items("tls").Any() ? "80, 443" : "80"),
    ];

    private static string ExternalAddress(JsonObject service)
    {
        var spec = service.Child("spec");
        var own = spec.Texts("externalIPs");
        return spec.Text("type") switch
        {
            "ExternalName" => spec.Text("externalName") ?? "<none>",
            "LoadBalancer" when own.Count == 0 => "<pending>",
            _ => own.Count > 0 ? string.Join(',', own) : "<none>",
        };
    }

    private static string Ports(JsonObject service)
    {
        var ports = service.Child("spec").Items("ports").Select(p => p.Number("nodePort") is > 0 and var node
            ? $"{p.Number("port")}:{node}/{p.Text("protocol") ?? "TCP"}"
            : $"{p.Number("port")}/{p.Text("protocol") ?? "TCP"}").ToList();
        return ports.Count == 0 ? "<none>" : string.Join(',', ports);
    }

    private static string EndpointsText(JsonObject endpoints)
    {
        var all = endpoints.Items("subsets").SelectMany(s => s.Items("addresses").SelectMany(a =>
            s.Items("ports").Select(p => $"{a.Text("ip")}:{p.Number("port")}")));
        return Short(all, "<none>");
    }

    private static string Short(IEnumerable<string> values, string none)
    {
        var all = values.ToList();
        if (all.Count == 0) return none;
        return all.Count <= 3 ? string.Join(',', all) : $"{string.Join(',', all.Take(3))} + {all.Count - 3} more...";
    }
}
