using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Rules of the kinds that make pods.</summary>
internal static class WorkloadValidation
{
    private static readonly string[] ChangeableOfStatefulSet =
        ["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"];

    public static void Validate(JsonObject spec, JsonObject? old, string kind, List<FieldCause> causes)
    {
        foreach (var name in new[] { "replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds" })
            BuiltInValidation.NotNegative(spec, name, "spec", causes);
        Template(spec["template"] as JsonObject, ["Always"], causes, claims: ClaimNames(spec["volumeClaimTemplates"] as JsonArray));
        Selector(spec, kind, causes);
        if (kind == "Deployment")
            Strategy(spec["strategy"] as JsonObject, causes);
        if (old is not null)
            Update(spec, old, kind, causes);
    }

    public static void Job(JsonObject spec, JsonObject? old, List<FieldCause> causes)
    {
        foreach (var name in new[] { "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished" })
            BuiltInValidation.NotNegative(spec, name, "spec", causes);
        Template(spec["template"] as JsonObject, ["OnFailure", "Never"], causes);
        foreach (var name in new[] { "selector", "completionMode" })
            if (old?[name] is not null && !JsonEquality.Same(spec[name], old[name]))
                causes.Add(FieldCauses.Immutable("spec." + name, spec[name]));
        // A suspended job's scheduling directives may change; the sandbox lets its whole template change while it is suspended.
        if (old is not null && old["suspend"].BoolOrNull() != true && !JsonEquality.Same(spec["template"], old["template"]))
            causes.Add(FieldCauses.Immutable("spec.template", spec["template"]));
    }

    public static void CronJob(JsonObject spec, List<FieldCause> causes)
    {
        var schedule = spec["schedule"].TextOrNull() ?? "";
        if (schedule.Length > 0 && !schedule.StartsWith('@') && schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length != 5)
            causes.Add(FieldCauses.Invalid("spec.schedule", spec["schedule"], $"expected exactly 5 fields, found {schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length}: [{schedule}]"));
        if (((spec["jobTemplate"] as JsonObject)?["spec"] as JsonObject)?["template"] is JsonObject template)
            Template(template, ["OnFailure", "Never"], causes, "spec.jobTemplate.spec.template");
    }

    // A StatefulSet gives each pod a volume by the name of each of its claims.
    private static IEnumerable<string> ClaimNames(JsonArray? claims) =>
        (claims ?? []).OfType<JsonObject>().Select(claim => (claim["metadata"] as JsonObject)?["name"].TextOrNull()).OfType<string>();

    private static void Template(JsonObject? template, string[] restartPolicies, List<FieldCause> causes, string path = "spec.template", IEnumerable<string>? claims = null)
    {
        if (template?["spec"] is not JsonObject spec)
        {
            if (template is not null)
                causes.Add(FieldCauses.Required(path + ".spec.containers"));
            return;
        }

        PodValidation.Spec(spec, path + ".spec", isTemplate: true, causes, claims);
        if (spec["restartPolicy"].TextOrNull() is { } policy && !restartPolicies.Contains(policy) && policy is "Always" or "OnFailure" or "Never")
            causes.Add(FieldCauses.NotSupported(path + ".spec.restartPolicy", spec["restartPolicy"], restartPolicies.Select(p => (JsonNode)p)));
        foreach (var (key, value) in (template["metadata"] as JsonObject)?["labels"] as JsonObject ?? [])
            if (Names.QualifiedProblem(key) is { } problem)
                causes.Add(FieldCauses.Invalid(path + ".metadata.labels", JsonValue.Create(key), problem));
            else if (!Names.IsLabelValue(value.TextOrNull() ?? ""))
                causes.Add(FieldCauses.Invalid(path + ".metadata.labels", value, Names.LabelValueMessage));
    }

    private static void Selector(JsonObject spec, string kind, List<FieldCause> causes)
    {
        if (spec["selector"] is not JsonObject selector)
            return;
        if ((selector["matchLabels"] as JsonObject ?? []).Count == 0 && (selector["matchExpressions"] as JsonArray ?? []).Count == 0)
        {
            causes.Add(FieldCauses.Invalid("spec.selector", selector, $"empty selector is invalid for {kind.ToLowerInvariant()}"));
            return;
        }

        var labels = ((spec["template"] as JsonObject)?["metadata"] as JsonObject)?["labels"] as JsonObject ?? [];
        if (spec["template"] is not null && !LabelSelectors.Matches(selector, labels))
            causes.Add(FieldCauses.Invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"));
    }

    private static void Strategy(JsonObject? strategy, List<FieldCause> causes)
    {
        if (strategy?["type"].TextOrNull() == "Recreate" && strategy["rollingUpdate"] is not null)
            causes.Add(FieldCauses.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        if (strategy?["rollingUpdate"] is not JsonObject rolling)
            return;
        foreach (var name in new[] { "maxSurge", "maxUnavailable" })
            if (rolling[name].IntegerOrNull() is < 0)
                causes.Add(FieldCauses.Invalid("spec.strategy.rollingUpdate." + name, rolling[name], "must be greater than or equal to 0"));
            else if (rolling[name].TextOrNull() is { } text && !(text.EndsWith('%') && text.Length > 1 && text[..^1].All(char.IsAsciiDigit)))
                causes.Add(FieldCauses.Invalid("spec.strategy.rollingUpdate." + name, rolling[name],
                    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"));
        if (IsZero(rolling["maxSurge"]) && IsZero(rolling["maxUnavailable"]))
            causes.Add(FieldCauses.Invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"));
    }

    private static bool IsZero(JsonNode? value) => value.IntegerOrNull() == 0 || value.TextOrNull() is "0%" or "0";

    private static void Update(JsonObject spec, JsonObject old, string kind, List<FieldCause> causes)
    {
        if (kind == "StatefulSet")
        {
            var fixedNow = spec.Where(p => !ChangeableOfStatefulSet.Contains(p.Key));
            var isSame = fixedNow.All(p => JsonEquality.Same(p.Value, old[p.Key])) && old.All(p => ChangeableOfStatefulSet.Contains(p.Key) || spec.ContainsKey(p.Key));
            if (!isSame)
                causes.Add(FieldCauses.Forbidden("spec",
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
            return;
        }

        if (!JsonEquality.Same(spec["selector"], old["selector"]))
            causes.Add(FieldCauses.Immutable("spec.selector", spec["selector"]));
    }
}
