namespace Ops.Rca.Sources;

/// <summary>Where a series belongs.</summary>
/// <param name="Service">The service that measured it.</param>
/// <param name="Peer">The service that it calls, for a metric of the calling side; else null.</param>
/// <param name="Caller">The service that calls it, where the called side tells it apart; else null.</param>
public readonly record struct SeriesPlace(string Service, string? Peer, string? Caller);

/// <summary>
/// Which labels name the service, the one it calls and the one that calls it. The defaults know the conventions of
/// Prometheus operators, OpenTelemetry, Istio and Linkerd; others are told by their names.
/// </summary>
public sealed record LabelMapping
{
    /// <summary>Labels that name the service, the first that is there wins. Unused where the source knows whom it asked.</summary>
    public IReadOnlyList<string> Service { get; init; } =
        ["service_name", "service", "app_kubernetes_io_name", "app", "container", "exported_job", "job"];

    /// <summary>Labels of the calling side that name the called service.</summary>
    public IReadOnlyList<string> Peer { get; init; } =
        ["peer", "peer_service", "callee", "destination_service_name", "destination_service", "destination_workload", "dst_service", "target_service", "upstream"];

    /// <summary>
    /// Labels that name the called service unless the metric's name says that it is a server's: OpenTelemetry puts
    /// server.address on both sides, and means the own host on the server's.
    /// </summary>
    public IReadOnlyList<string> PeerUnlessServer { get; init; } = ["server_address", "net_peer_name"];

    /// <summary>Labels that name the called service only in metrics whose name says that they are a client's.</summary>
    public IReadOnlyList<string> PeerOfClient { get; init; } = ["rpc_service", "destination", "target", "host"];

    /// <summary>Labels of the called side that name the caller.</summary>
    public IReadOnlyList<string> Caller { get; init; } = ["caller", "caller_service", "source_workload", "source_service", "client_service"];

    /// <summary>The label that holds the namespace.</summary>
    public string Namespace { get; init; } = "namespace";

    /// <summary>Makes a service's id of a name as it stands in a label: an address, a host name, a URL. Default: the host's first part.</summary>
    /// <remarks>Gets the id of the service that names it, and the name.</remarks>
    public Func<string, string, string?>? Resolve { get; init; }

    /// <summary>Where a series belongs; null if no label names its service.</summary>
    public SeriesPlace? Of(RawSeries series)
    {
        // A mesh's sidecar measures both sides; "reporter" tells which of them this is.
        if (series.Labels.TryGetValue("reporter", out var reporter) && series.Labels.ContainsKey("source_workload"))
            return OfMesh(series, reporter == "destination");
        var service = series.Owner ?? Qualified(series, First(series, Service));
        if (service is null)
            return null;
        var peer = First(series, Peer)
            ?? (Names(series, "server") ? null : First(series, PeerUnlessServer))
            ?? (Names(series, "client") || Names(series, "outbound") || Names(series, "upstream") ? First(series, PeerOfClient) : null);
        return new(service, Other(service, peer), peer is null ? Other(service, First(series, Caller)) : null);
    }

    private static SeriesPlace? OfMesh(RawSeries series, bool isDestination)
    {
        var source = Joined(series.Labels.GetValueOrDefault("source_workload_namespace"), First(series, ["source_workload", "source_app"]));
        var destination = Joined(
            series.Labels.GetValueOrDefault("destination_service_namespace") ?? series.Labels.GetValueOrDefault("destination_workload_namespace"),
            First(series, ["destination_service_name", "destination_workload", "destination_app"]));
        if (source is null || destination is null)
            return null;
        return isDestination ? new(destination, null, source) : new(source, destination, null);
    }

    private string? Qualified(RawSeries series, string? name) => Joined(series.Labels.GetValueOrDefault(Namespace), name);

    private static string? Joined(string? space, string? name) =>
        name is not { Length: > 0 } || name == "unknown" ? null : space is { Length: > 0 } ? $"{Tainted.Clean(space)}/{Tainted.Clean(name)}" : Tainted.Clean(name);

    private string? Other(string service, string? name)
    {
        if (name is null)
            return null;
        var other = Resolve is null ? HostName(service, name) : Resolve(service, name);
        return other == service ? null : other;
    }

    /// <summary>"http://catalog.shop.svc.cluster.local:8080/x" named by shop/web becomes shop/catalog; "catalog" takes the namespace of who names it.</summary>
    public static string? HostName(string service, string name)
    {
        var start = name.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? scheme + 3 : 0;
        var end = name.IndexOfAny(['/', ':'], start) is var stop and >= 0 ? stop : name.Length;
        var host = name[start..end];
        if (host.Length == 0)
            return null;
        if (System.Net.IPAddress.TryParse(host, out _))
            return Tainted.Clean(host);
        var parts = host.Split('.');
        var inCluster = parts.Length > 2 && parts[2] == "svc";
        // A name of the outside world (api.example.com) is a peer under its whole name.
        if (parts.Length > 1 && !inCluster)
            return Tainted.Clean(host);
        var own = service.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 ? service[..slash] : null;
        return Joined(inCluster ? parts[1] : own, parts[0]);
    }

    private static bool Names(RawSeries series, string word) => series.Name.Contains(word, StringComparison.Ordinal);

    private static string? First(RawSeries series, IReadOnlyList<string> labels)
    {
        foreach (var label in labels)
            if (series.Labels.TryGetValue(label, out var value) && value.Length > 0)
                return value;
        return null;
    }
}
