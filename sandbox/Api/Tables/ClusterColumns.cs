using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Tables;

/// <summary>Columns of nodes, configuration, access and policy.</summary>
internal static class ClusterColumns
{
    public static readonly IReadOnlyList<Column> Node =
    [
        new("Status", "string", static (o, _) => NodeStatus(o)),
        new("Roles", "string", static (o, _) => Roles(o)),
    ];

    public static readonly IReadOnlyList<Column> NodeWide =
    [
        new("Version", "string", static (o, _) => o.At("status", "nodeInfo", "kubeletVersion").AsText()),
        new("Internal-IP", "string", static (o, _) => Address(o, "InternalIP"), Priority: 1),
        new("External-IP", "string", static (o, _) => Address(o, "ExternalIP"), Priority: 1),
        new("OS-Image", "string", static (o, _) => o.At("status", "nodeInfo", "osImage").AsText() ?? "<unknown>", Priority: 1),
        new("Kernel-Version", "string", static (o, _) => o.At("status", "nodeInfo", "kernelVersion").AsText() ?? "<unknown>", Priority: 1),
        new("Container-Runtime", "string", static (o, _) => o.At("status", "nodeInfo", "containerRuntimeVersion").AsText() ?? "<unknown>", Priority: 1),
    ];

    public static readonly Column Phase = new("Status", "string", static (o, _) => o.At("status", "phase").AsText());

    public static readonly Column Type = new("Type", "string", static (o, _) => o.Text("type") ?? "Opaque");

    public static readonly Column Secrets = new("Secrets", "string", static (o, _) => o.Items("secrets").Count().ToString());

    public static readonly Column Holder = new("Holder", "string", static (o, _) => o.At("spec", "holderIdentity").AsText() ?? "");

    public static readonly IReadOnlyList<Column> Claim =
    [
        new("Status", "string", static (o, _) => o.Metadata().ContainsKey("deletionTimestamp") ? "Terminating" : o.At("status", "phase").AsText()),
        new("Volume", "string", static (o, _) => o.At("spec", "volumeName").AsText() ?? ""),
        new("Capacity", "string", static (o, _) => o.At("status", "capacity", "storage").AsText() ?? ""),
        new("Access Modes", "string", static (o, _) => string.Join(',', o.Child("spec").Texts("accessModes"))),
        new("StorageClass", "string", static (o, _) => o.At("spec", "storageClassName").AsText() ?? ""),
    ];

    public static readonly IReadOnlyList<Column> Autoscaler =
    [
        new("Reference", "string", static (o, _) => $"{o.At("spec", "scaleTargetRef", "kind").AsText()}/{o.At("spec", "scaleTargetRef", "name").AsText()}"),
        new("Targets", "string", static (o, _) => "<unknown>"),
        new("MinPods", "string", static (o, _) => o.At("spec", "minReplicas").AsLong()?.ToString() ?? "<unset>"),
        new("MaxPods", "integer", static (o, _) => o.At("spec", "maxReplicas").AsLong()),
        new("Replicas", "integer", static (o, _) => o.At("status", "currentReplicas").AsLong() ?? 0),
    ];

    public static readonly IReadOnlyList<Column> DisruptionBudget =
    [
        new("Min Available", "string", static (o, _) => Amount(o.At("spec", "minAvailable"))),
        new("Max Unavailable", "string", static (o, _) => Amount(o.At("spec", "maxUnavailable"))),
        new("Allowed Disruptions", "integer", static (o, _) => o.At("status", "disruptionsAllowed").AsLong() ?? 0),
    ];

    public static readonly IReadOnlyList<Column> Binding =
    [
        new("Role", "string", static (o, _) => $"{o.At("roleRef", "kind").AsText()}/{o.At("roleRef", "name").AsText()}"),
        new("Users", "string", static (o, _) => Subjects(o, "User"), Priority: 1),
        new("Groups", "string", static (o, _) => Subjects(o, "Group"), Priority: 1),
        new("ServiceAccounts", "string", static (o, _) => Subjects(o, "ServiceAccount"), Priority: 1),
    ];

    public static Column Data(params IReadOnlyList<string> members) => new(
        "Data", "string", (o, _) => members.Sum(m => o.Child(m)?.Count ?? 0).ToString());

    private static string NodeStatus(JsonObject node)
    {
        var ready = node.Child("status").Items("conditions").FirstOrDefault(c => c.Text("type") == "Ready").Text("status");
        var text = ready switch { "True" => "Ready", "False" => "NotReady", _ => ready is null ? "Unknown" : "NotReady" };
        return node.Child("spec").Flag("unschedulable") ? $"{text},SchedulingDisabled" : text;
    }

    private static string Roles(JsonObject node)
    {
        const string prefix = "node-role.kubernetes.io/";
        var roles = (node.Metadata().Child("labels") ?? []).Where(l => l.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(l => l.Key[prefix.Length..]);
        var text = string.Join(',', roles.Order(StringComparer.Ordinal));
        return text.Length == 0 ? "<none>" : text;
    }

    private static string Address(JsonObject node, string type) =>
        node.Child("status").Items("addresses").FirstOrDefault(a => a.Text("type") == type).Text("address") ?? "<none>";

    private static string Amount(JsonNode? node) => node is null ? "N/A" : JsonPath.AsText(node);

    private static string Subjects(JsonObject binding, string kind) => string.Join(
        ", ",
        binding.Items("subjects").Where(s => s.Text("kind") == kind).Select(s => kind == "ServiceAccount" ? $"{s.Text("namespace")}/{s.Text("name")}" : s.Text("name")));
}
