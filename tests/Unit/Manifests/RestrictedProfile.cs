using k8s.Models;

namespace Ops.Manifests.Tests;

/// <summary>
/// The profile "restricted" of the Pod Security Standards, the baseline profile that it contains included, field by
/// field: https://kubernetes.io/docs/concepts/security/pod-security-standards/. Linux pods only.
/// </summary>
internal static class RestrictedProfile
{
    private static readonly string[] SafeSysctls =
    [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
    ];

    private static readonly string?[] SeLinuxTypes = [null, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

    /// <summary>What an API server that enforces the profile would refuse the pod for; empty when it would let it in.</summary>
    public static IReadOnlyList<string> Violations(V1PodSpec pod) =>
        [.. Pod(pod), .. (pod.Volumes ?? []).SelectMany(Volume), .. Containers(pod).SelectMany(container => Container(pod, container))];

    private static IEnumerable<V1Container> Containers(V1PodSpec pod) => [.. pod.InitContainers ?? [], .. pod.Containers];

    private static IEnumerable<string> Pod(V1PodSpec pod)
    {
        if (pod.HostNetwork == true || pod.HostPID == true || pod.HostIPC == true)
            yield return "host namespaces";
        var context = pod.SecurityContext;
        foreach (var sysctl in context?.Sysctls ?? [])
        {
            if (!SafeSysctls.Contains(sysctl.Name))
                yield return $"sysctl {sysctl.Name}";
        }

        if (context?.RunAsUser == 0)
            yield return "the pod runs as root";
        if (context?.WindowsOptions?.HostProcess == true)
            yield return "host process";
        foreach (var problem in Shared("the pod", context?.SeLinuxOptions, context?.AppArmorProfile))
            yield return problem;
    }

    private static IEnumerable<string> Volume(V1Volume volume)
    {
        var allowed = volume.ConfigMap is not null || volume.Csi is not null || volume.DownwardAPI is not null || volume.EmptyDir is not null
            || volume.Ephemeral is not null || volume.PersistentVolumeClaim is not null || volume.Projected is not null || volume.Secret is not null;
        if (!allowed)
            yield return $"volume {volume.Name} is of no allowed kind";
    }

    // Where a container says nothing, the pod's own setting counts; where both do, the container's.
    private static IEnumerable<string> Container(V1PodSpec pod, V1Container container)
    {
        var context = container.SecurityContext;
        if ((context?.RunAsNonRoot ?? pod.SecurityContext?.RunAsNonRoot) != true)
            yield return $"{container.Name}: runAsNonRoot is not true";
        if (context?.RunAsUser == 0)
            yield return $"{container.Name}: runs as root";
        if ((context?.SeccompProfile ?? pod.SecurityContext?.SeccompProfile)?.Type is not ("RuntimeDefault" or "Localhost"))
            yield return $"{container.Name}: seccompProfile is neither RuntimeDefault nor Localhost";
        if (context?.AllowPrivilegeEscalation != false)
            yield return $"{container.Name}: allowPrivilegeEscalation is not false";
        if (context?.Privileged == true)
            yield return $"{container.Name}: privileged";
        if (context?.Capabilities?.Drop?.Contains("ALL") != true)
            yield return $"{container.Name}: does not drop ALL capabilities";
        if (context?.Capabilities?.Add?.Any(capability => capability != "NET_BIND_SERVICE") == true)
            yield return $"{container.Name}: adds capabilities";
        if (context?.ProcMount is not (null or "" or "Default"))
            yield return $"{container.Name}: procMount";
        if (context?.WindowsOptions?.HostProcess == true)
            yield return $"{container.Name}: host process";
        if (container.Ports?.Any(port => port.HostPort is > 0) == true)
            yield return $"{container.Name}: host port";
        if (Hosts(container).Any(host => !string.IsNullOrEmpty(host)))
            yield return $"{container.Name}: a probe or hook names a host";
        foreach (var problem in Shared(container.Name, context?.SeLinuxOptions, context?.AppArmorProfile))
            yield return problem;
    }

    private static IEnumerable<string> Shared(string owner, V1SELinuxOptions? seLinux, V1AppArmorProfile? appArmor)
    {
        if (!SeLinuxTypes.Contains(seLinux?.Type) || !string.IsNullOrEmpty(seLinux?.User) || !string.IsNullOrEmpty(seLinux?.Role))
            yield return $"{owner}: SELinux options";
        if (appArmor?.Type == "Unconfined")
            yield return $"{owner}: AppArmor is unconfined";
    }

    private static IEnumerable<string?> Hosts(V1Container container)
    {
        foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe })
        {
            yield return probe?.HttpGet?.Host;
            yield return probe?.TcpSocket?.Host;
        }

        foreach (var hook in new[] { container.Lifecycle?.PostStart, container.Lifecycle?.PreStop })
        {
            yield return hook?.HttpGet?.Host;
            yield return hook?.TcpSocket?.Host;
        }
    }
}
