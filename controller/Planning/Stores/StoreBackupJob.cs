using System.Text.Json;
using k8s.Models;
using Ops.Api;

namespace Ops.Planning.Stores;

/// <summary>A node that a shard's snapshot is taken from.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Member">The node.</param>
/// <param name="Host">Its address.</param>
/// <param name="Slots">The shard's slots.</param>
public sealed record BackupSource(string Shard, string Member, string Host, string Slots);

/// <summary>
/// The Job that takes one backup. The engine's own client gets a snapshot of each shard as a replica would get it, so that no
/// node's volume is mounted twice. What is there under its final name is complete.
/// </summary>
public static class StoreBackupJob
{
    private const string Volume = "backup";
    private const string Path = "/backup";

    // Two tries again; then the next backup is the next try.
    private const int Retries = 2;
    private const int KeptSeconds = 3_600;

    // A store's folder has its backups by time, so the first names are the oldest.
    private const string Script = $$"""
        set -eu
        umask 077
        {{StoreLogin.ClientScript}}
        mkdir -p "{{Path}}/$STORE"
        rm -rf "{{Path}}/$STORE/"*.part
        mkdir "{{Path}}/$STORE/$BACKUP.part"
        for source in $SOURCES; do
          file="{{Path}}/$STORE/$BACKUP.part/${source%%=*}.rdb"
          "$0" ${TLS:-} -h "${source#*=}" -p "$PORT" --rdb "$file"
          test -s "$file"
        done
        printf '%s\n' "$MANIFEST" > "{{Path}}/$STORE/$BACKUP.part/manifest.json"
        sync
        mv "{{Path}}/$STORE/$BACKUP.part" "{{Path}}/$STORE/$BACKUP"
        cd "{{Path}}/$STORE"
        set -- [0-9]*
        while [ $# -gt "$KEEP" ]; do rm -rf "$1"; shift; done
        """;

    /// <summary>Name of a backup: its time to the second in UTC, and its number of shards.</summary>
    public static string NameOf(DateTimeOffset now, int shards) => FormattableString.Invariant($"{now.UtcDateTime:yyyyMMddHHmmss}-{shards}");

    /// <summary>Name of the Job that takes a backup; at most 60 characters.</summary>
    public static string JobName(ShardedStore store, string backup)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(backup);
        return $"{store.Metadata.Name}-{backup[..14]}";
    }

    /// <summary>The Job.</summary>
    /// <param name="store">The store; it has a spec.backup.</param>
    /// <param name="backup">The backup's name.</param>
    /// <param name="sources">A node of each shard.</param>
    public static V1Job Plan(ShardedStore store, string backup, IReadOnlyList<BackupSource> sources)
    {
        ArgumentNullException.ThrowIfNull(store);
        var spec = store.Spec.Backup!;
        var labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByOps, [Labels.Component] = Labels.StoreBackup };
        var pod = new V1PodSpec
        {
            RestartPolicy = "Never",
            AutomountServiceAccountToken = false,
            SecurityContext = StorePod.PodSecurity(),
            Volumes = [new() { Name = Volume, PersistentVolumeClaim = new() { ClaimName = spec.ClaimName } }],
            Containers =
            [
                new()
                {
                    Name = Volume,
                    Image = store.Spec.Engine.EffectiveImage,
                    Command = ["sh", "-c", Script, StoreEngines.Client(store.Spec.Engine.Type)],
                    Env =
                    [
                        new() { Name = "STORE", Value = store.Metadata.Name },
                        new() { Name = "BACKUP", Value = backup },
                        new() { Name = "KEEP", Value = $"{spec.EffectiveKeep}" },
                        new() { Name = "PORT", Value = $"{WellKnown.StorePort}" },
                        new() { Name = "SOURCES", Value = string.Join(' ', sources.Select(source => $"{source.Shard}={source.Host}")) },
                        new() { Name = "MANIFEST", Value = Manifest(store, backup, sources) },
                    ],
                    VolumeMounts = [new() { Name = Volume, MountPath = Path }],
                    SecurityContext = StorePod.ContainerSecurity(),
                    TerminationMessagePolicy = "FallbackToLogsOnError",
                },
            ],
        };
        StoreLogin.MountTo(pod, store.Spec);
        StoreTls.AddToClient(pod, store.Spec);
        return new()
        {
            ApiVersion = "batch/v1",
            Kind = "Job",
            Metadata = StoreObjects.Metadata(store, JobName(store, backup), labels),
            Spec = new() { BackoffLimit = Retries, TtlSecondsAfterFinished = KeptSeconds, Template = new() { Metadata = new() { Labels = labels }, Spec = pod } },
        };
    }

    // All slots on their own are 98,304 characters: below the 128 KiB that one variable of an environment may have.
    private static string Manifest(ShardedStore store, string backup, IReadOnlyList<BackupSource> sources) => JsonSerializer.Serialize(new
    {
        store = store.Metadata.Name,
        backup,
        engine = store.Spec.Engine.Type,
        shards = sources.Select(source => new { name = source.Shard, slots = source.Slots, node = source.Member }),
    });
}
