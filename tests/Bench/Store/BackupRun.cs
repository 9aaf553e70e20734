using System.Diagnostics;
using Ops.Api;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>A store is backed up to a volume, and another one with more shards begins with it.</summary>
internal static class BackupRun
{
    private const int Shards = 3;
    private const int RestoredShards = 4;
    private const int ValueBytes = 100;
    private const int AtOnce = 500;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Backs up and restores.</summary>
    internal static async Task RunAsync(BenchContext context, StoreWorld world, CancellationToken cancellation)
    {
        var keys = context.Quick ? 20_000 : 200_000;
        await world.ClaimAsync("backups", cancellation);
        await using var site = await world.CreateAsync("backup", StoreEngines.Redis, Shards, 0, "{}", cancellation, "backup: {claimName: backups}");
        await site.WholeAsync(cancellation);
        await FillAsync(site, keys, cancellation);

        var began = Stopwatch.GetTimestamp();
        await world.PatchAsync(site, """{"spec":{"backup":{"request":"now"}}}""", cancellation);
        var backup = await UntilAsync("the backup is complete", () => world.Store("backup").Status?.Backup is { Request: "now", Running: null, Last: { } last } ? last : null, cancellation);
        var backedUp = Stopwatch.GetElapsedTime(began).TotalSeconds;

        began = Stopwatch.GetTimestamp();
        await using var copy = await world.CreateAsync("copy", StoreEngines.Redis, RestoredShards, 0, "{}", cancellation, $"restoreFrom: {{claimName: backups, store: backup, backup: {backup} }}");
        await UntilAsync("the restore has begun", () => world.Store("copy").Status?.Restore, cancellation);
        var formed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var done = await UntilAsync("all is restored", () => Conditions.IsTrue(world.Store("copy").Status?.Conditions, ConditionTypes.Restored) ? world.Store("copy").Status!.Restore : null, cancellation);
        var restored = Stopwatch.GetElapsedTime(began).TotalSeconds;

        var figures = context.Figures;
        figures.Add("backup_keys", keys, "", $"keys of {ValueBytes} bytes in {Shards} shards");
        figures.Add("backup_s", backedUp, "s", "from the request until the backup is complete; its pod's start is in it");
        figures.Add("restore_s", restored, "s", $"from the creation of a store with {RestoredShards} shards until every key is in it");
        figures.Add("restore_forming_s", formed, "s", "of that, until the first shard was begun");
        figures.Add("restore_keys_per_s", done.Keys / (restored - formed), "1/s", "keys copied a second after that, the starts of the loader among them");
        figures.Add("restore_missing", keys - await CountAsync(copy, cancellation), "", "keys that were backed up and are not there");
    }

    // Many at once to each owner, so that it takes seconds.
    private static async Task FillAsync(StoreSite site, int keys, CancellationToken cancellation)
    {
        var value = new string('v', ValueBytes);
        var view = await site.ObserveAsync(cancellation);
        foreach (var owner in view.Nodes.Values.Where(node => node.IsPrimary))
        {
            using var connection = await RespConnection.OpenAsync(owner.Address, Within, cancellation);
            foreach (var some in Enumerable.Range(0, keys).Select(number => $"key:{number}").Where(key => owner.Slots.Contains(HashSlot.Of(key))).Chunk(AtOnce))
            {
                var answers = await connection.AskAsync(Within, cancellation, [.. some.Select(key => (string[])["SET", key, value])]);
                if (answers.OfType<RespError>().FirstOrDefault() is { } error)
                    throw new BenchCannotRunException($"{owner.Member} refused a write: {error.Words}");
            }
        }
    }

    private static async Task<long> CountAsync(StoreSite site, CancellationToken cancellation) =>
        (await site.ObserveAsync(cancellation)).Nodes.Values.Where(node => node.IsPrimary).Sum(node => node.Keys);

    private static async Task<T> UntilAsync<T>(string what, Func<T?> found, CancellationToken cancellation)
        where T : class
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(50, cancellation))
        {
            if (found() is { } result)
                return result;
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new BenchCannotRunException($"waited in vain for: {what}");
        }
    }
}
