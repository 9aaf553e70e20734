using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Defaults of pod specs that depend on other members.</summary>
internal static class PodDefaults
{
    private static readonly string[] Lists = ["initContainers", "containers", "ephemeralContainers"];

    public static void ApplyToTemplate(JsonNode? template)
    {
        if ((template as JsonObject)?["spec"] is JsonObject spec)
            Apply(spec);
    }

    /// <summary>For pods and for the templates of workloads.</summary>
    public static void Apply(JsonObject spec)
    {
        // serviceAccount is the deprecated twin of serviceAccountName.
        if (spec["serviceAccountName"] is { } name)
            BuiltInDefaults.Default(spec, "serviceAccount", name.DeepClone());
        else if (spec["serviceAccount"] is { } twin)
            spec["serviceAccountName"] = twin.DeepClone();
        var isHostNetwork = spec["hostNetwork"].BoolOrNull() == true;
        foreach (var container in Containers(spec))
        {
            BuiltInDefaults.Default(container, "imagePullPolicy", PullsAlways(container["image"].TextOrNull() ?? "") ? "Always" : "IfNotPresent");
            if (isHostNetwork)
                foreach (var port in (container["ports"] as JsonArray ?? []).OfType<JsonObject>())
                    if (port["containerPort"] is { } number)
                        BuiltInDefaults.Default(port, "hostPort", number.DeepClone());
        }
    }

    /// <summary>For pods only.</summary>
    public static void ApplyToPod(JsonObject spec)
    {
        BuiltInDefaults.Default(spec, "enableServiceLinks", true);
        foreach (var container in Containers(spec))
            RequestWhatIsLimited(container);
    }

    /// <summary>A limit without a request is also the request; for GPUs both must be equal anyway.</summary>
    private static void RequestWhatIsLimited(JsonObject container)
    {
        if (container["resources"] is not JsonObject resources || resources["limits"] is not JsonObject { Count: > 0 } limits)
            return;
        if (resources["requests"] is not JsonObject requests)
            resources["requests"] = requests = [];
        foreach (var (name, quantity) in limits)
            if (quantity is not null)
                BuiltInDefaults.Default(requests, name, quantity.DeepClone());
    }

    private static IEnumerable<JsonObject> Containers(JsonObject spec) =>
        Lists.SelectMany(list => (spec[list] as JsonArray ?? []).OfType<JsonObject>());

    /// <summary>The tag <c>latest</c>, given or implied, is pulled again on every start.</summary>
    private static bool PullsAlways(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
            return false;
        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[colon..] == ":latest";
    }
}
