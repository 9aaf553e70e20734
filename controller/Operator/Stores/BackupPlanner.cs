using k8s.Models;
using Ops.Api;
using Ops.Planning.Stores;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;

namespace Ops.Operator.Stores;

/// <summary>A store, its backups so far and the Job of the one that is being taken -> its backups as they are now. Pure.</summary>
internal static class BackupPlanner
{
    // A Job that is made is seen within seconds; one that is finished is deleted after an hour.
    private static readonly TimeSpan JobLost = TimeSpan.FromMinutes(30);

    /// <summary>The state to show; a Running without a Job is one that has to be made.</summary>
    /// <param name="store">The store with its present status.</param>
    /// <param name="job">The Job of status.backup.running; null when there is none.</param>
    /// <param name="steady">Whether one may be begun.</param>
    /// <param name="now">The moment.</param>
    internal static StoreBackupStatus? Next(ShardedStore store, V1Job? job, bool steady, DateTimeOffset now)
    {
        var before = store.Status?.Backup;
        if (before?.Running is { } running)
            return After(before, running, StoreBackupJob.JobName(store, running), job, now);
        if (store.Spec.Backup is not { } spec || store.Spec.Suspend || !steady || !IsDue(spec, before, now))
            return before;
        return new() { Last = before?.Last, Running = StoreBackupJob.NameOf(now, store.Spec.EffectiveShards), Begun = StoreHistory.Second(now), Request = spec.Request };
    }

    /// <summary>The node of each shard that is copied: the replica that is furthest on, else the primary.</summary>
    internal static IReadOnlyList<BackupSource> Sources(StoreGoal goal, StoreView view)
    {
        var ownership = Ownership.Of(Belief.Of(view, goal.Formed, goal.Identities.Values).View);
        var sources = new List<BackupSource>();
        foreach (var shard in goal.Shards.Where(shard => !shard.Leaving))
        {
            var nodes = shard.Members.Where(view.Nodes.ContainsKey).Select(member => view.Nodes[member]).ToList();
            if (nodes.FirstOrDefault(node => !ownership.Of(node.Id).IsEmpty) is not { } primary)
                return [];
            var source = nodes.Where(node => node.PrimaryId == primary.Id && node.LinkUp).MaxBy(node => node.Offset) ?? primary;
            sources.Add(new(shard.Name, source.Member, source.Address.Host, ownership.Of(primary.Id).ToString()));
        }

        return sources;
    }

    private static bool IsDue(StoreBackupSpec spec, StoreBackupStatus? before, DateTimeOffset now)
    {
        if (spec.Request is { } request && request != before?.Request)
            return true;
        return spec.Every is { } every && (before?.Begun is not { } begun || now.UtcDateTime - begun.ToUniversalTime() >= GoDuration.ParseOrDefault(every, "24h"));
    }

    private static StoreBackupStatus After(StoreBackupStatus before, string running, string job, V1Job? found, DateTimeOffset now)
    {
        var done = before with { Running = null };
        if (found?.Status?.Conditions?.Any(condition => condition is { Type: "Complete", Status: "True" }) == true)
            return done with { Last = running };
        if (found?.Status?.Conditions?.Any(condition => condition is { Type: "Failed", Status: "True" }) == true)
            return done with { Failure = $"backup {running} failed: see kubectl logs job/{job}" };
        return found is null && before.Begun is { } begun && now.UtcDateTime - begun.ToUniversalTime() >= JobLost
            ? done with { Failure = $"backup {running}: its Job {job} is gone" }
            : before;
    }
}
