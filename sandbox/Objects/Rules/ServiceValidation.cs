using System.Net;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Objects;

/// <summary>Rules of Services.</summary>
internal static class ServiceValidation
{
    public static void Validate(JsonObject spec, JsonObject? old, List<FieldCause> causes)
    {
        var type = spec["type"].TextOrNull();
        var ports = spec["ports"] as JsonArray ?? [];
        var isHeadless = spec["clusterIP"].TextOrNull() == "None";
        if (ports.Count == 0 && !isHeadless && type != "ExternalName")
            causes.Add(FieldCauses.Required("spec.ports"));
        if (type == "ExternalName" && string.IsNullOrEmpty(spec["externalName"].TextOrNull()))
            causes.Add(FieldCauses.Required("spec.externalName"));
        Ports(ports, causes);
        Address(spec, old, causes);
    }

    private static void Ports(JsonArray ports, List<FieldCause> causes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            if (ports[i] is not JsonObject port)
                continue;
            var path = $"spec.ports[{i}]";
            var name = port["name"].TextOrNull() ?? "";
            if (name.Length == 0 && ports.Count > 1)
                causes.Add(FieldCauses.Required(path + ".name"));
            else if (name.Length > 0 && Names.NameProblem(name, NameRule.Label) is { } problem)
                causes.Add(FieldCauses.Invalid(path + ".name", port["name"], problem));
            else if (name.Length > 0 && !names.Add(name))
                causes.Add(FieldCauses.Duplicate(path + ".name", FieldCauses.Text(port["name"])));
            PodValidation.Port(port, "port", path, causes);
            PodValidation.Port(port, "targetPort", path, causes);
            if (port["nodePort"].IntegerOrNull() is { } node && node != 0 && node is < 1 or > 65535)
                causes.Add(FieldCauses.Invalid(path + ".nodePort", port["nodePort"], "must be between 1 and 65535, inclusive"));
        }
    }

    private static void Address(JsonObject spec, JsonObject? old, List<FieldCause> causes)
    {
        var address = spec["clusterIP"].TextOrNull() ?? "";
        if (address.Length > 0 && address != "None" && !IPAddress.TryParse(address, out _))
            causes.Add(FieldCauses.Invalid("spec.clusterIPs[0]", spec["clusterIP"], "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
        var before = old?["clusterIP"].TextOrNull() ?? "";
        if (before.Length > 0 && before != address && spec["type"].TextOrNull() != "ExternalName" && old?["type"].TextOrNull() != "ExternalName")
            causes.Add(FieldCauses.Invalid("spec.clusterIPs[0]", JsonValue.Create(address), "may not change once set"));
    }
}
