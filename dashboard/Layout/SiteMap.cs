using Ops.Api;

namespace Ops.Dashboard.Layout;

/// <summary>A page in the navigation.</summary>
/// <param name="Path">Its address.</param>
/// <param name="Title">Its name.</param>
/// <param name="Key">With g before it, the keyboard's way there.</param>
/// <param name="Icon">Path data of a 24 x 24 icon.</param>
internal sealed record PageInfo(string Path, string Title, char Key, string Icon);

/// <summary>All pages, in the order of the navigation, and the addresses of single objects.</summary>
internal static class SiteMap
{
    /// <summary>Address of the overview.</summary>
    public const string Overview = "/";

    /// <summary>Address of the fleet.</summary>
    public const string Fleet = "/fleet";

    /// <summary>Address of the routes.</summary>
    public const string Routing = "/routing";

    /// <summary>Address of the incidents.</summary>
    public const string Incidents = "/incidents";

    /// <summary>Address of the remediations.</summary>
    public const string Remediations = "/remediations";

    /// <summary>Address of the stores.</summary>
    public const string Stores = "/stores";

    /// <summary>Address of the topology.</summary>
    public const string Topology = "/topology";

    /// <summary>Address of the questions.</summary>
    public const string Ask = "/ask";

    private static readonly IReadOnlyList<PageInfo> Always =
    [
        new(Overview, "Overview", 'o', "M3 12l9-8 9 8M5 10v10h5v-6h4v6h5V10"),
        new(Fleet, "Fleet", 'f', "M4 4h16v6H4zM4 14h16v6H4zM7.5 7h.01M7.5 17h.01M11 7h6M11 17h6"),
        new(Routing, "Routing", 'r', "M4 12h5l5-6h6M9 12l5 6h6M17 3l3 3-3 3M17 15l3 3-3 3"),
        new(Incidents, "Incidents", 'i', "M12 3l9.5 17h-19zM12 10v4M12 17h.01"),
        new(Remediations, "Remediations", 'm', "M4 12l5 5L20 6M4 20h16"),
        new(Stores, "Stores", 's', "M5 6c0-4 14-4 14 0v12c0 4-14 4-14 0zM5 6c0 4 14 4 14 0M5 12c0 4 14 4 14 0"),
        new(Topology, "Topology", 't', "M5 4h4v4H5zM15 16h4v4h-4zM15 4h4v4h-4zM9 6h6M7 8v10h8"),
    ];

    private static readonly IReadOnlyList<PageInfo> WithAsk = [.. Always, new(Ask, "Ask", 'a', "M4 5h16v11H10l-5 4v-4H4zM9 9h6M9 12h4")];

    /// <summary>The list.</summary>
    /// <param name="options">Ask is there where a model is configured.</param>
    public static IReadOnlyList<PageInfo> All(DashboardOptions options) => options.Ask.IsOn ? WithAsk : Always;

    /// <summary>A pool on the fleet page.</summary>
    public static string Pool(ModelPool pool) => $"{Fleet}?pool={Uri.EscapeDataString($"{pool.Metadata.NamespaceProperty}/{pool.Metadata.Name}")}";

    /// <summary>A route.</summary>
    public static string Route(ModelRoute route) => $"{Routing}?route={Uri.EscapeDataString($"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}")}";

    /// <summary>An incident.</summary>
    public static string Incident(Incident incident) => $"{Incidents}?incident={Uri.EscapeDataString($"{incident.Metadata.NamespaceProperty}/{incident.Metadata.Name}")}";

    /// <summary>A service on the topology page.</summary>
    /// <param name="id">namespace/name.</param>
    public static string Service(string id) => $"{Topology}?service={Uri.EscapeDataString(id)}";

    /// <summary>A plan.</summary>
    public static string Remediation(Remediation plan) => $"{Remediations}?plan={Uri.EscapeDataString($"{plan.Metadata.NamespaceProperty}/{plan.Metadata.Name}")}";

    /// <summary>A store.</summary>
    public static string Store(ShardedStore store) => $"{Stores}?store={Uri.EscapeDataString($"{store.Metadata.NamespaceProperty}/{store.Metadata.Name}")}";
}
