using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Defaults of built-in kinds that depend on other members.</summary>
internal static class BuiltInDefaults
{
    public static void Apply(JsonObject obj, KindDefinition kind)
    {
        var spec = obj["spec"] as JsonObject;
        switch (kind.Kind)
        {
            case "Pod" when spec is not null:
                PodDefaults.Apply(spec);
                PodDefaults.ApplyToPod(spec);
                break;
            case "PodTemplate":
                PodDefaults.ApplyToTemplate(obj["template"]);
                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet" or "Job" when spec is not null:
                Workload(spec, kind.Kind);
                break;
            case "CronJob" when (spec is null ? null : spec["jobTemplate"] as JsonObject) is { } jobs && jobs["spec"] is JsonObject job:
                PodDefaults.ApplyToTemplate(job["template"]);
                break;
            case "Service" when spec is not null:
                Service(spec);
                break;
            case "LimitRange" when spec is not null:
                LimitRangeRules.Default(spec);
                break;
            case "Secret":
                Secret(obj);
                break;
            case "Namespace":
                Namespace(obj);
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                Subjects(obj["subjects"] as JsonArray);
                break;
            case "NetworkPolicy" when spec is not null && !spec.ContainsKey("policyTypes"):
                spec["policyTypes"] = spec.ContainsKey("egress") ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
                break;
            case "HorizontalPodAutoscaler" when spec is not null:
                Autoscaler(spec, kind.Version);
                break;
            case "CustomResourceDefinition" when spec is not null && spec["names"] is JsonObject names && names["kind"].TextOrNull() is { } name:
                Default(names, "singular", name.ToLowerInvariant());
                Default(names, "listKind", name + "List");
                break;
        }
    }

    public static void Default(JsonObject obj, string name, JsonNode value)
    {
        if (!obj.ContainsKey(name))
            obj[name] = value;
    }

    private static void Workload(JsonObject spec, string kind)
    {
        PodDefaults.ApplyToTemplate(spec["template"]);
        switch (kind)
        {
            case "Deployment" when spec["strategy"] is JsonObject strategy && strategy["type"].TextOrNull() == "RollingUpdate":
                var rolling = Child(strategy, "rollingUpdate");
                Default(rolling, "maxUnavailable", "25%");
                Default(rolling, "maxSurge", "25%");
                break;
            case "StatefulSet" when spec["updateStrategy"] is JsonObject strategy && strategy["type"].TextOrNull() == "RollingUpdate":
                Default(Child(strategy, "rollingUpdate"), "partition", 0);
                break;
            case "DaemonSet" when spec["updateStrategy"] is JsonObject strategy && strategy["type"].TextOrNull() == "RollingUpdate":
                var update = Child(strategy, "rollingUpdate");
                Default(update, "maxUnavailable", 1);
                Default(update, "maxSurge", 0);
                break;
            case "Job":
                // Both absent: one pod once. Parallelism alone: a work queue, completions stay open.
                if (!spec.ContainsKey("completions") && !spec.ContainsKey("parallelism"))
                    spec["completions"] = 1;
                Default(spec, "parallelism", 1);
                break;
        }
    }

    private static void Service(JsonObject spec)
    {
        var type = spec["type"].TextOrNull();
        foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
            if (port["targetPort"].IntegerOrNull() is null or 0 && string.IsNullOrEmpty(port["targetPort"].TextOrNull()))
                port["targetPort"] = port["port"]?.DeepClone();
        if (type == "ExternalName")
            return;
        Default(spec, "internalTrafficPolicy", "Cluster");
        if (type is "NodePort" or "LoadBalancer")
            Default(spec, "externalTrafficPolicy", "Cluster");
        if (type == "LoadBalancer")
            Default(spec, "allocateLoadBalancerNodePorts", true);
        if (spec["sessionAffinity"].TextOrNull() == "ClientIP")
            Default(Child(Child(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800);
        Default(spec, "ipFamilyPolicy", "SingleStack");
        Default(spec, "ipFamilies", new JsonArray("IPv4"));
        // The address itself is the server's to give; these two only mirror each other.
        if (!string.IsNullOrEmpty(spec["clusterIP"].TextOrNull()))
            Default(spec, "clusterIPs", new JsonArray(spec["clusterIP"]!.DeepClone()));
        else if (spec["clusterIPs"] is JsonArray { Count: > 0 } addresses)
            spec["clusterIP"] = addresses[0]?.DeepClone();
    }

    private static void Secret(JsonObject secret)
    {
        if (secret["stringData"] is not JsonObject texts)
            return;
        var data = Child(secret, "data");
        foreach (var (name, text) in texts)
            data[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text.TextOrNull() ?? ""));
        secret.Remove("stringData");
    }

    private static void Namespace(JsonObject ns)
    {
        if (ns["metadata"] is JsonObject metadata && metadata["name"].TextOrNull() is { Length: > 0 } name)
            Child(metadata, "labels")["kubernetes.io/metadata.name"] = name;
    }

    private static void Subjects(JsonArray? subjects)
    {
        foreach (var subject in (subjects ?? []).OfType<JsonObject>())
            if (subject["kind"].TextOrNull() is "User" or "Group")
                Default(subject, "apiGroup", "rbac.authorization.k8s.io");
    }

    private static void Autoscaler(JsonObject spec, string version)
    {
        if (version == "v1")
            Default(spec, "targetCPUUtilizationPercentage", 80);
        else if (!spec.ContainsKey("metrics"))
            spec["metrics"] = new JsonArray(JsonNode.Parse(
                """{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}"""));
    }

    private static JsonObject Child(JsonObject obj, string name)
    {
        if (obj[name] is not JsonObject child)
            obj[name] = child = [];
        return child;
    }
}
