using System.Diagnostics;
using System.Globalization;
using Ops.Storage.Cluster;

namespace Ops.Bench.Store;

/// <summary>
/// A disk that takes nothing more, for one node and without a file system of its own: the next file of its append-only log
/// is a link to /dev/full, where every write fails as on a full disk (ENOSPC).
/// </summary>
internal sealed class FullDisk
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StoreAddress _address;

    private FullDisk(StoreAddress address) => _address = address;

    /// <summary>Fills the disk of a redis-server with an append-only log of several files (7 and newer).</summary>
    internal static async Task<FullDisk> OfAsync(StoreAddress address, CancellationToken cancellation)
    {
        var log = $"/proc/{await EngineProcess.FindAsync(address, cancellation)}/cwd/appendonlydir";
        // file appendonly.aof.3.incr.aof seq 3 type i
        var last = (await File.ReadAllLinesAsync(Path.Combine(log, "appendonly.aof.manifest"), cancellation))
            .Select(line => line.Split(' '))
            .Where(words => words is [.., "type", "i"])
            .Max(words => int.Parse(words[3], CultureInfo.InvariantCulture));
        File.CreateSymbolicLink(Path.Combine(log, $"appendonly.aof.{last + 1}.incr.aof"), "/dev/full");
        var disk = new FullDisk(address);
        await disk.NextFileAsync(cancellation);
        return disk;
    }

    /// <summary>Frees it: the log goes on in a file that can be written, and the engine deletes the link.</summary>
    internal Task FreeAsync(CancellationToken cancellation) => NextFileAsync(cancellation);

    // A rewrite begins a new file at once. One that is under way is waited for.
    private async Task NextFileAsync(CancellationToken cancellation)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(100, cancellation))
        {
            using var connection = await RespConnection.OpenAsync(_address, Within, cancellation);
            var answer = (await connection.AskAsync(Within, cancellation, ["BGREWRITEAOF"]))[0];
            if (answer is string words && words.Contains("started", StringComparison.Ordinal))
                return;
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new BenchCannotRunException($"{_address} began no new log file within {Patience.TotalSeconds:0} s: {answer}");
        }
    }
}
