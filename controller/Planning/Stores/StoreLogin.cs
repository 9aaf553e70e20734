using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Stores;

/// <summary>
/// How the nodes of a store with a password get it. The engines read it from a configuration file only (an argument would be
/// seen by everybody who can list processes), and a Secret is no such file: a few lines of shell make it, in memory, each time
/// the engine starts.
/// </summary>
internal static class StoreLogin
{
    private const string SecretVolume = "auth";
    private const string SecretPath = "/etc/store/auth";
    private const string FileVolume = "run";
    private const string FilePath = "/run/store";

    // printf is the shell's own, so the password is in no argument of any process. The same characters as
    // StoreSecretEntries.IsPassword: anything else could be a line of configuration of its own.
    private const string Script = $"""
        set -eu
        umask 077
        password=$(cat {SecretPath}/{StoreSecretEntries.Password})
        case "$password" in ''|*[!0-9A-Za-z_.~+/=-]*) echo "the Secret's entry {StoreSecretEntries.Password} must be letters, digits and _ . ~ + / = - only" >&2; exit 1;; esac
        printf 'requirepass %s\nmasterauth %s\n' "$password" "$password" > {FilePath}/auth.conf
        exec "$0" {FilePath}/auth.conf "$@"
        """;

    /// <summary>Hands the password to the engine's client, where there is one, by the environment of the shell that runs it.</summary>
    internal const string ClientScript = $"""
        if [ -f {SecretPath}/{StoreSecretEntries.Password} ]; then REDISCLI_AUTH=$(cat {SecretPath}/{StoreSecretEntries.Password}); export REDISCLI_AUTH; fi
        """;

    /// <summary>Adds it to the engine of a pod's template.</summary>
    internal static void AddTo(V1PodSpec pod, ShardedStoreSpec store)
    {
        if (store.Auth is null)
            return;
        pod.Containers[0].Command = ["sh", "-c", Script, StoreEngines.Program(store.Engine.Type)];
        MountTo(pod, store);
        pod.Containers[0].VolumeMounts.Add(new() { Name = FileVolume, MountPath = FilePath });
        pod.Volumes.Add(new() { Name = FileVolume, EmptyDir = new() { Medium = "Memory", SizeLimit = new("1Mi") } });
    }

    /// <summary>Runs lines of shell before the engine, whether it has a password or not.</summary>
    internal static void Before(V1PodSpec pod, string lines, ShardedStoreSpec store)
    {
        var script = store.Auth is null ? "exec \"$0\" \"$@\"" : Script;
        pod.Containers[0].Command = ["sh", "-c", lines + script, StoreEngines.Program(store.Engine.Type)];
    }

    /// <summary>Adds only the mounted Secret.</summary>
    internal static void MountTo(V1PodSpec pod, ShardedStoreSpec store)
    {
        if (store.Auth is not { } auth)
            return;
        pod.Containers[0].VolumeMounts = [.. pod.Containers[0].VolumeMounts ?? [], new() { Name = SecretVolume, MountPath = SecretPath, ReadOnlyProperty = true }];
        pod.Volumes =
        [
            .. pod.Volumes ?? [],
            new() { Name = SecretVolume, Secret = new() { SecretName = auth.SecretRef.Name, DefaultMode = 288, Items = [new() { Key = StoreSecretEntries.Password, Path = StoreSecretEntries.Password }] } },
        ];
    }
}
