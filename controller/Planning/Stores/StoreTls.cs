using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Stores;

/// <summary>How the nodes of a store with TLS get their certificate: by the mounted Secret, whose files the engine reads.</summary>
internal static class StoreTls
{
    private const string Volume = "tls";
    private const string Path = "/etc/store/tls";

    /// <summary>Where a node listens: with TLS on the store's port and on no other, else plainly there.</summary>
    internal static IEnumerable<string> Ports(ShardedStoreSpec spec) => spec.Tls is null
        ? ["--port", $"{WellKnown.StorePort}"]
        :
        [
            "--port", "0", "--tls-port", $"{WellKnown.StorePort}",
            "--tls-cert-file", $"{Path}/{StoreTlsEntries.Certificate}", "--tls-key-file", $"{Path}/{StoreTlsEntries.Key}", "--tls-ca-cert-file", $"{Path}/{StoreTlsEntries.Roots}",
            // Clients are known by their password; on the bus between the nodes the engine verifies both sides whatever this says.
            "--tls-auth-clients", "no", "--tls-replication", "yes", "--tls-cluster", "yes",
        ];

    /// <summary>Mounts the Secret for an engine.</summary>
    internal static void MountTo(V1PodSpec pod, ShardedStoreSpec spec) => Mount(pod, spec, StoreTlsEntries.Certificate, StoreTlsEntries.Key, StoreTlsEntries.Roots);

    /// <summary>Hands a client the roots, and in the variable TLS what to say to the engine's own client.</summary>
    internal static void AddToClient(V1PodSpec pod, ShardedStoreSpec spec)
    {
        if (spec.Tls is null)
            return;
        Mount(pod, spec, StoreTlsEntries.Roots);
        pod.Containers[0].Env = [.. pod.Containers[0].Env ?? [], new() { Name = "TLS", Value = $"--tls --cacert {Path}/{StoreTlsEntries.Roots}" }];
    }

    private static void Mount(V1PodSpec pod, ShardedStoreSpec spec, params string[] entries)
    {
        if (spec.Tls is not { } tls)
            return;
        pod.Containers[0].VolumeMounts = [.. pod.Containers[0].VolumeMounts ?? [], new() { Name = Volume, MountPath = Path, ReadOnlyProperty = true }];
        // 0440: the group is the pod's own.
        pod.Volumes = [.. pod.Volumes ?? [], new() { Name = Volume, Secret = new() { SecretName = tls.SecretName, DefaultMode = 288, Items = [.. entries.Select(entry => new V1KeyToPath { Key = entry, Path = entry })] } }];
    }
}
