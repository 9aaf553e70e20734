using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission;

/// <summary>What a pod breaks.</summary>
/// <param name="Reason">The rule.</param>
/// <param name="Detail">Which fields, in kube-apiserver's words.</param>
internal sealed record PodSecurityViolation(string Reason, string Detail);

/// <summary>
/// The rules of the levels baseline and restricted, in kube-apiserver's order: those of baseline by name, then those of
/// restricted. AppArmor, SELinux and Windows are not looked at: nothing here acts on them.
/// </summary>
internal static class PodSecurityChecks
{
    private static readonly Func<JsonObject, PodSecurityViolation?>[] Baseline =
        [Capabilities, HostNamespaces, HostPaths, HostPorts, Privileged, ProcMount, Seccomp, Sysctls];

    private static readonly Func<JsonObject, PodSecurityViolation?>[] Restricted =
        [Escalation, AllCapabilities, VolumeTypes, NonRoot, RootUser, SeccompRequired];

    // A level's rule of the same subject stands in for the one of the level below.
    private static readonly Func<JsonObject, PodSecurityViolation?>[] BaselineOfRestricted = [HostNamespaces, HostPaths, HostPorts, Privileged, ProcMount, Sysctls];

    private static readonly HashSet<string> DefaultCapabilities =
        ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];

    private static readonly HashSet<string> SafeSysctls =
        ["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"];

    private static readonly string[] Namespaces = ["hostNetwork", "hostPID", "hostIPC"];

    private static readonly HashSet<string> VolumeSources = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    /// <summary>What a pod breaks of a level.</summary>
    public static IReadOnlyList<PodSecurityViolation> Run(string level, JsonObject spec)
    {
        var checks = level switch { "restricted" => [.. BaselineOfRestricted, .. Restricted], "baseline" => Baseline, _ => [] };
        return [.. checks.Select(check => check(spec)).OfType<PodSecurityViolation>()];
    }

    private static PodSecurityViolation? Capabilities(JsonObject spec)
    {
        var bad = Containers(spec).Where(one => Added(one).Any(name => !DefaultCapabilities.Contains(name))).ToList();
        var names = bad.SelectMany(Added).Where(name => !DefaultCapabilities.Contains(name)).Distinct().Order(StringComparer.Ordinal);
        return Found(bad, "non-default capabilities", $"must not include {Quoted(names)} in securityContext.capabilities.add");
    }

    private static PodSecurityViolation? HostNamespaces(JsonObject spec)
    {
        var set = Namespaces.Where(field => IsTrue(spec[field])).Select(field => $"{field}=true").ToList();
        return set.Count == 0 ? null : new("host namespaces", string.Join(", ", set));
    }

    private static PodSecurityViolation? HostPaths(JsonObject spec)
    {
        var names = spec.Items("volumes").Where(volume => volume["hostPath"] is not null).Select(volume => volume.Text("name") ?? "").ToList();
        return names.Count == 0 ? null : new("hostPath volumes", $"volume{(names.Count > 1 ? "s" : "")} {Quoted(names)}");
    }

    private static PodSecurityViolation? HostPorts(JsonObject spec)
    {
        var bad = Containers(spec).Where(one => PortsOf(one).Any()).ToList();
        var ports = string.Join(", ", bad.SelectMany(PortsOf).Distinct().Order());
        return Found(bad, "hostPort", bad.Count > 1 || bad.SelectMany(PortsOf).Distinct().Count() > 1 ? $"{(bad.Count > 1 ? "use" : "uses")} hostPorts {ports}" : $"uses hostPort {ports}");
    }

    private static PodSecurityViolation? Privileged(JsonObject spec) =>
        Found([.. Containers(spec).Where(one => IsTrue(Security(one)["privileged"]))], "privileged", "must not set securityContext.privileged=true");

    private static PodSecurityViolation? ProcMount(JsonObject spec) =>
        Found([.. Containers(spec).Where(one => Security(one).Text("procMount") is not (null or "Default"))], "procMount", "must not set securityContext.procMount to \"Unmasked\"");

    private static PodSecurityViolation? Seccomp(JsonObject spec)
    {
        if (Profile(spec) == "Unconfined")
            return new("seccompProfile", "pod must not set securityContext.seccompProfile.type to \"Unconfined\"");
        return Found([.. Containers(spec).Where(one => Profile(one) == "Unconfined")], "seccompProfile", "must not set securityContext.seccompProfile.type to \"Unconfined\"");
    }

    private static PodSecurityViolation? Sysctls(JsonObject spec)
    {
        var names = Security(spec).Items("sysctls").Select(one => one.Text("name") ?? "").Where(name => !SafeSysctls.Contains(name)).ToList();
        return names.Count == 0 ? null : new("forbidden sysctls", string.Join(", ", names));
    }

    private static PodSecurityViolation? Escalation(JsonObject spec) => Found(
        [.. Containers(spec).Where(one => Security(one)["allowPrivilegeEscalation"] is not JsonValue value || value.GetValue<bool>())],
        "allowPrivilegeEscalation != false", "must set securityContext.allowPrivilegeEscalation=false");

    private static PodSecurityViolation? AllCapabilities(JsonObject spec)
    {
        var keeps = Containers(spec).Where(one => !Security(one).Child("capabilities").Texts("drop").Contains("ALL")).ToList();
        var adds = Containers(spec).Where(one => Added(one).Any(name => name != "NET_BIND_SERVICE")).ToList();
        var names = adds.SelectMany(Added).Where(name => name != "NET_BIND_SERVICE").Distinct().Order(StringComparer.Ordinal);
        var details = new[] { Found(keeps, "", "must set securityContext.capabilities.drop=[\"ALL\"]"), Found(adds, "", $"must not include {Quoted(names)} in securityContext.capabilities.add") }
            .OfType<PodSecurityViolation>().Select(one => one.Detail).ToList();
        return details.Count == 0 ? null : new("unrestricted capabilities", string.Join("; ", details));
    }

    private static PodSecurityViolation? VolumeTypes(JsonObject spec)
    {
        var bad = spec.Items("volumes").Select(volume => (Name: volume.Text("name") ?? "", Type: volume.Select(pair => pair.Key).FirstOrDefault(key => key != "name" && !VolumeSources.Contains(key))))
            .Where(volume => volume.Type is not null).ToList();
        return bad.Count == 0 ? null : new(
            "restricted volume types",
            bad.Count == 1 ? $"volume {Quoted([bad[0].Name])} uses restricted volume type {Quoted([bad[0].Type!])}"
                : $"volumes {Quoted(bad.Select(one => one.Name))} use restricted volume types {Quoted(bad.Select(one => one.Type!).Distinct().Order(StringComparer.Ordinal))}");
    }

    private static PodSecurityViolation? NonRoot(JsonObject spec)
    {
        if (Security(spec)["runAsNonRoot"] is JsonValue value && !value.GetValue<bool>())
            return new("runAsNonRoot != true", "pod must not set securityContext.runAsNonRoot=false");
        var containers = Containers(spec);
        if (containers.Where(one => Security(one)["runAsNonRoot"] is JsonValue own && !own.GetValue<bool>()).ToList() is { Count: > 0 } denied)
            return Found(denied, "runAsNonRoot != true", "must not set securityContext.runAsNonRoot=false");
        return IsTrue(Security(spec)["runAsNonRoot"]) ? null
            : Found([.. containers.Where(one => !IsTrue(Security(one)["runAsNonRoot"]))], "runAsNonRoot != true", "must set securityContext.runAsNonRoot=true", "pod or ");
    }

    private static PodSecurityViolation? RootUser(JsonObject spec) =>
        Security(spec).Number("runAsUser") == 0 ? new("runAsUser=0", "pod must not set runAsUser=0")
        : Found([.. Containers(spec).Where(one => Security(one).Number("runAsUser") == 0)], "runAsUser=0", "must not set runAsUser=0");

    private static PodSecurityViolation? SeccompRequired(JsonObject spec)
    {
        const string Wanted = "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"";
        if (Profile(spec) is { } own && !IsConfined(own))
            return new("seccompProfile", $"pod {Wanted}");
        var containers = Containers(spec);
        if (containers.Where(one => Profile(one) is { } profile && !IsConfined(profile)).ToList() is { Count: > 0 } wrong)
            return Found(wrong, "seccompProfile", Wanted);
        return Profile(spec) is not null ? null : Found([.. containers.Where(one => Profile(one) is null)], "seccompProfile", Wanted, "pod or ");
    }

    private static bool IsConfined(string profile) => profile is "RuntimeDefault" or "Localhost";

    private static string? Profile(JsonObject owner) => Security(owner).Child("seccompProfile").Text("type");

    private static List<JsonObject> Containers(JsonObject spec) => [.. spec.Items("initContainers"), .. spec.Items("containers"), .. spec.Items("ephemeralContainers")];

    private static JsonObject Security(JsonObject owner) => owner.Child("securityContext") ?? [];

    private static IEnumerable<string> Added(JsonObject container) => Security(container).Child("capabilities").Texts("add");

    private static IEnumerable<long> PortsOf(JsonObject container) => container.Items("ports").Select(port => port.Number("hostPort") ?? 0).Where(port => port != 0);

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.GetValue<bool>();

    private static PodSecurityViolation? Found(IReadOnlyList<JsonObject> bad, string reason, string must, string before = "") =>
        bad.Count == 0 ? null : new(reason, $"{before}container{(bad.Count > 1 ? "s" : "")} {Quoted(bad.Select(one => one.Text("name") ?? ""))} {must}");

    private static string Quoted(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"\"{name}\""));
}
