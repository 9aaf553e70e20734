using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Rules of built-in kinds that a schema cannot say, as far as the sandbox honours the fields.</summary>
internal static class BuiltInValidation
{
    private static readonly string?[] QuotaScopes = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass"];

    public static void Validate(JsonObject obj, JsonObject? old, KindDefinition kind, List<FieldCause> causes)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var oldSpec = old?["spec"] as JsonObject;
        switch (kind.Kind)
        {
            case "Pod":
                PodValidation.Spec(spec, "spec", isTemplate: false, causes);
                if (oldSpec is not null)
                    PodValidation.Update(spec, oldSpec, causes);
                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet":
                WorkloadValidation.Validate(spec, oldSpec, kind.Kind, causes);
                break;
            case "Job":
                WorkloadValidation.Job(spec, oldSpec, causes);
                break;
            case "CronJob":
                WorkloadValidation.CronJob(spec, causes);
                break;
            case "Service":
                ServiceValidation.Validate(spec, oldSpec, causes);
                break;
            case "CustomResourceDefinition":
                causes.AddRange(CrdValidation.Validate(obj));
                break;
            default:
                Small(obj, old, spec, kind, causes);
                break;
        }
    }

    private static void Small(JsonObject obj, JsonObject? old, JsonObject spec, KindDefinition kind, List<FieldCause> causes)
    {
        switch (kind.Kind)
        {
            case "ConfigMap":
                Keys(obj["data"] as JsonObject, "data", causes);
                Keys(obj["binaryData"] as JsonObject, "binaryData", causes);
                Sealed(obj, old, ["data", "binaryData"], causes);
                break;
            case "Secret":
                Keys(obj["data"] as JsonObject, "data", causes);
                Sealed(obj, old, ["data"], causes);
                Unchanged(obj, old, "type", "type", causes);
                break;
            case "Event":
                Event(obj, kind, causes);
                break;
            case "Lease" when spec["leaseDurationSeconds"].IntegerOrNull() is <= 0:
                causes.Add(FieldCauses.Invalid("spec.leaseDurationSeconds", spec["leaseDurationSeconds"], "must be greater than 0"));
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                if (old is not null && !JsonEquality.Same(obj["roleRef"], old["roleRef"]))
                    causes.Add(FieldCauses.Invalid("roleRef", obj["roleRef"], "cannot change roleRef"));
                break;
            case "EndpointSlice":
                Unchanged(obj, old, "addressType", "addressType", causes);
                break;
            case "PodDisruptionBudget" when spec["minAvailable"] is not null && spec["maxUnavailable"] is not null:
                causes.Add(FieldCauses.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
                break;
            case "HorizontalPodAutoscaler":
                Autoscaler(spec, causes);
                break;
            case "LimitRange":
                LimitRangeRules.Validate(spec, causes);
                break;
            case "ResourceQuota":
                Quota(spec, causes);
                break;
        }
    }

    private static void Quota(JsonObject spec, List<FieldCause> causes)
    {
        foreach (var (name, amount) in ResourceAmounts.Read(spec["hard"] as JsonObject))
        {
            var field = $"spec.hard[{name}]";
            if (amount.ToDecimal() < 0)
                causes.Add(FieldCauses.Invalid(field, spec["hard"]![name], "must be greater than or equal to 0"));
            else if ((name is "pods" or "services" or "secrets" or "configmaps" or "persistentvolumeclaims" || name.StartsWith("count/", StringComparison.Ordinal)) && amount.ToDecimal() % 1 != 0)
                causes.Add(FieldCauses.Invalid(field, spec["hard"]![name], "must be an integer"));
        }

        // What the sandbox does not count it must not seem to limit.
        var scopes = (spec["scopes"] as JsonArray ?? []).Select((scope, i) => (Field: $"spec.scopes[{i}]", Name: scope.TextOrNull()))
            .Concat(((spec["scopeSelector"] as JsonObject)?["matchExpressions"] as JsonArray ?? []).Select((rule, i) => (Field: $"spec.scopeSelector.matchExpressions[{i}].scopeName", Name: rule?["scopeName"].TextOrNull())));
        foreach (var (field, name) in scopes.Where(scope => !QuotaScopes.Contains(scope.Name)))
            causes.Add(FieldCauses.Invalid(field, JsonValue.Create(name), "unsupported scope"));
    }

    public static void NotNegative(JsonObject spec, string name, string path, List<FieldCause> causes)
    {
        if (spec[name].IntegerOrNull() is < 0)
            causes.Add(FieldCauses.Invalid($"{path}.{name}", spec[name], "must be greater than or equal to 0"));
    }

    private static void Unchanged(JsonObject obj, JsonObject? old, string name, string path, List<FieldCause> causes)
    {
        if (old is not null && !JsonEquality.Same(obj[name], old[name]))
            causes.Add(FieldCauses.Immutable(path, obj[name]));
    }

    private static void Keys(JsonObject? data, string path, List<FieldCause> causes)
    {
        foreach (var (key, _) in data ?? [])
            if (key.Length > 253 || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') || key is "." or "..")
                causes.Add(FieldCauses.Invalid($"{path}[{key}]", JsonValue.Create(key),
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
    }

    private static void Sealed(JsonObject obj, JsonObject? old, string[] members, List<FieldCause> causes)
    {
        if (old?["immutable"].BoolOrNull() != true)
            return;
        if (obj["immutable"].BoolOrNull() != true)
            causes.Add(FieldCauses.Forbidden("immutable", "field is immutable when `immutable` is set"));
        foreach (var name in members)
            if (!JsonEquality.Same(obj[name], old[name]))
                causes.Add(FieldCauses.Forbidden(name, "field is immutable when `immutable` is set"));
    }

    private static void Event(JsonObject obj, KindDefinition kind, List<FieldCause> causes)
    {
        var subject = kind.Group.Length == 0 ? "involvedObject" : "regarding";
        var involved = (obj[subject] as JsonObject)?["namespace"].TextOrNull() ?? "";
        var ns = (obj["metadata"] as JsonObject)?["namespace"].TextOrNull() ?? "";
        // Events about cluster-scoped objects live in "default".
        if (involved.Length > 0 ? involved != ns : ns is not ("default" or ""))
            causes.Add(FieldCauses.Invalid($"{subject}.namespace", JsonValue.Create(involved), "does not match event.namespace"));
        if (kind.Group.Length > 0 && obj["eventTime"] is null)
            causes.Add(FieldCauses.Required("eventTime"));
    }

    private static void Autoscaler(JsonObject spec, List<FieldCause> causes)
    {
        var (min, max) = (spec["minReplicas"].IntegerOrNull(), spec["maxReplicas"].IntegerOrNull());
        if (max < 1)
            causes.Add(FieldCauses.Invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than 0"));
        if (min < 1)
            causes.Add(FieldCauses.Invalid("spec.minReplicas", spec["minReplicas"], "must be greater than or equal to 1"));
        if (max < min)
            causes.Add(FieldCauses.Invalid("spec.maxReplicas", spec["maxReplicas"], "must be greater than or equal to `minReplicas`"));
    }
}
