using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Rules of pod specs.</summary>
internal static class PodValidation
{
    // What may change on a running pod; nodeName is set once, by a scheduler.
    private static readonly string[] Changeable = ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates", "ephemeralContainers"];

    public static void Spec(JsonObject spec, string path, bool isTemplate, List<FieldCause> causes, IEnumerable<string>? claims = null)
    {
        if (spec["containers"] is JsonArray { Count: 0 })
            causes.Add(FieldCauses.Required(path + ".containers"));
        var volumes = Volumes(spec["volumes"] as JsonArray, path, causes);
        volumes.UnionWith(claims ?? []);
        foreach (var list in new[] { "initContainers", "containers" })
            Containers(spec[list] as JsonArray, $"{path}.{list}", volumes, causes);
        BuiltInValidation.NotNegative(spec, "terminationGracePeriodSeconds", path, causes);
        if (!isTemplate && spec["nodeName"].TextOrNull() is { Length: > 0 } node && Names.NameProblem(node, NameRule.Subdomain) is { } problem)
            causes.Add(FieldCauses.Invalid(path + ".nodeName", spec["nodeName"], problem));
    }

    /// <summary>A pod's spec is what was scheduled: apart from images and a few members it cannot change.</summary>
    public static void Update(JsonObject spec, JsonObject old, List<FieldCause> causes)
    {
        if (JsonEquality.Same(Comparable(spec, old), Comparable(old, old)))
            return;
        causes.Add(FieldCauses.Forbidden("spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
    }

    private static JsonObject Comparable(JsonObject spec, JsonObject old)
    {
        var copy = (JsonObject)spec.DeepClone();
        foreach (var name in Changeable)
            copy.Remove(name);
        if (string.IsNullOrEmpty(old["nodeName"].TextOrNull()))
            copy.Remove("nodeName");
        foreach (var list in new[] { "initContainers", "containers" })
            foreach (var container in (copy[list] as JsonArray ?? []).OfType<JsonObject>())
                container.Remove("image");
        return copy;
    }

    private static HashSet<string> Volumes(JsonArray? volumes, string path, List<FieldCause> causes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (volumes?.Count ?? 0); i++)
        {
            if (volumes![i] is not JsonObject volume || volume["name"].TextOrNull() is not { } name)
                continue;
            names.Add(name);
            Label(name, $"{path}.volumes[{i}].name", causes);
        }

        return names;
    }

    private static void Containers(JsonArray? containers, string path, HashSet<string> volumes, List<FieldCause> causes)
    {
        for (var i = 0; i < (containers?.Count ?? 0); i++)
            if (containers![i] is JsonObject container)
                Container(container, $"{path}[{i}]", volumes, causes);
    }

    private static void Container(JsonObject container, string path, HashSet<string> volumes, List<FieldCause> causes)
    {
        if (container["name"].TextOrNull() is { } name)
            Label(name, path + ".name", causes);
        if (string.IsNullOrEmpty(container["image"].TextOrNull()))
            causes.Add(FieldCauses.Required(path + ".image"));
        Each(container["ports"], path + ".ports", (port, at) => Port(port, "containerPort", at, causes));
        Each(container["env"], path + ".env", (variable, at) => Variable(variable, at, causes));
        Each(container["volumeMounts"], path + ".volumeMounts", (mount, at) =>
        {
            if (mount["name"].TextOrNull() is { } volume && !volumes.Contains(volume))
                causes.Add(new FieldCause("FieldValueNotFound", $"Not found: \"{volume}\"", at + ".name"));
        });
        Resources(container["resources"] as JsonObject, path + ".resources", causes);
    }

    private static void Variable(JsonObject variable, string path, List<FieldCause> causes)
    {
        var name = variable["name"].TextOrNull() ?? "";
        if (name.Length == 0)
            causes.Add(FieldCauses.Required(path + ".name"));
        else if (name.Any(c => c is '=' or < ' ' or > '~'))
            causes.Add(FieldCauses.Invalid(path + ".name", variable["name"], "a valid environment variable name must consist only of printable ASCII characters other than '='"));
        if (variable["value"].TextOrNull() is { Length: > 0 } && variable["valueFrom"] is not null)
            causes.Add(FieldCauses.Invalid(path + ".valueFrom", "\"\"", "may not be specified when `value` is not empty"));
    }

    public static void Port(JsonObject port, string name, string path, List<FieldCause> causes)
    {
        if (port[name].IntegerOrNull() is < 1 or > 65535)
            causes.Add(FieldCauses.Invalid($"{path}.{name}", port[name], "must be between 1 and 65535, inclusive"));
    }

    private static void Resources(JsonObject? resources, string path, List<FieldCause> causes)
    {
        var limits = resources?["limits"] as JsonObject ?? [];
        foreach (var (name, value) in resources?["requests"] as JsonObject ?? [])
        {
            if (!Quantities.TryParse(value.TextOrNull() ?? "", out var request) || !Quantities.TryParse(limits[name].TextOrNull() ?? "", out var limit))
                continue;
            if (request.ToDecimal() > limit.ToDecimal())
                causes.Add(FieldCauses.Invalid($"{path}.requests", value, $"must be less than or equal to {name} limit of {limit}"));
            // Devices cannot be overcommitted.
            else if (name.Contains('/') && request.ToDecimal() != limit.ToDecimal())
                causes.Add(FieldCauses.Invalid($"{path}.requests", value, $"must be equal to {name} limit of {limit}"));
        }

        foreach (var side in new[] { "limits", "requests" })
            foreach (var (name, value) in resources?[side] as JsonObject ?? [])
                if (Quantities.TryParse(value.TextOrNull() ?? "", out var quantity) && quantity.ToDecimal() < 0)
                    causes.Add(FieldCauses.Invalid($"{path}.{side}[{name}]", value, "must be greater than or equal to 0"));
    }

    private static void Label(string name, string path, List<FieldCause> causes)
    {
        if (Names.NameProblem(name, NameRule.Label) is { } problem)
            causes.Add(FieldCauses.Invalid(path, JsonValue.Create(name), problem));
    }

    private static void Each(JsonNode? list, string path, Action<JsonObject, string> visit)
    {
        if (list is not JsonArray array)
            return;
        for (var i = 0; i < array.Count; i++)
            if (array[i] is JsonObject element)
                visit(element, $"{path}[{i}]");
    }
}
