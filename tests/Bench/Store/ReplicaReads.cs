using System.Diagnostics;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>
/// Clients that read, each time at any node of a key's shard, primary or replica, as CLUSTER SLOTS has them (READONLY). A part
/// of the reads is for one key, the rest for keys of slots all over the ring.
/// </summary>
internal sealed class ReplicaReads : IAsyncDisposable
{
    private const int Others = 96;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan BetweenMaps = TimeSpan.FromSeconds(1);

    private readonly Func<IEnumerable<StoreAddress>> _seeds;
    private readonly CancellationTokenSource _stop = new();
    private Task _working = Task.CompletedTask;
    private double _hotShare;
    private int _answered;
    private int _failed;
    private int _missed;
    private int _refused;

    private ReplicaReads(Func<IEnumerable<StoreAddress>> seeds) => _seeds = seeds;

    /// <summary>Share of the reads that is for the one key.</summary>
    internal double HotShare
    {
        get => Volatile.Read(ref _hotShare);
        set => Volatile.Write(ref _hotShare, value);
    }

    /// <summary>Reads that were answered with the key.</summary>
    internal int Answered => _answered;

    /// <summary>Reads that no node answered for as long as clients are patient.</summary>
    internal int Failed => _failed;

    /// <summary>Reads that were told that a key is not there which is.</summary>
    internal int Missed => _missed;

    /// <summary>Tries that a node refused or did not answer, and that another one then answered.</summary>
    internal int Refused => _refused;

    /// <summary>Writes the keys, and starts to read when all replicas have them.</summary>
    internal static async Task<ReplicaReads> StartAsync(StoreSite site, int hotSlot, double hotShare, int workers, TimeSpan pace, CancellationToken cancellation)
    {
        var reads = new ReplicaReads(site.Seeds) { HotShare = hotShare };
        string[] keys = [SlotKeys.Of(hotSlot, "hot"), .. Enumerable.Range(0, Others).Select(one => SlotKeys.Of(one * SlotSet.Slots / Others, "cold"))];
        using (var client = new StoreClient(site.Seeds, Within, Patience))
        {
            foreach (var key in keys)
            {
                var answer = await client.AskAsync(key, cancellation, ["SET", key, "1"], ["WAIT", "2", "1500"]);
                if (answer is not { Answer: 2L })
                    throw new BenchCannotRunException($"{site.Name}: {key} did not come to all replicas: {answer.Error ?? $"{answer.Answer} of 2"}");
            }
        }

        reads._working = Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() => reads.WorkAsync(keys, worker, pace))));
        return reads;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _working;
        _stop.Dispose();
    }

    private async Task WorkAsync(string[] keys, int worker, TimeSpan pace)
    {
        var random = new Random(worker);
        using var nodes = new Reader(_seeds, random);
        while (!_stop.IsCancellationRequested)
        {
            var key = random.NextDouble() < HotShare ? keys[0] : keys[1 + random.Next(Others)];
            for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(BetweenTries, CancellationToken.None))
            {
                var (answered, value) = await nodes.ReadAsync(key);
                if (answered)
                {
                    Interlocked.Increment(ref value is null ? ref _missed : ref _answered);
                    break;
                }

                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    Interlocked.Increment(ref _failed);
                    break;
                }

                Interlocked.Increment(ref _refused);
            }

            await Task.Delay(pace, CancellationToken.None);
        }
    }

    /// <summary>One client's map and connections.</summary>
    private sealed class Reader(Func<IEnumerable<StoreAddress>> seeds, Random random) : IDisposable
    {
        private readonly StoreAddress[][] _map = new StoreAddress[SlotSet.Slots][];
        private readonly Dictionary<StoreAddress, RespConnection> _open = [];
        private long _learned;

        /// <summary>One try, at a node by lot.</summary>
        internal async Task<(bool Answered, object? Value)> ReadAsync(string key)
        {
            if (_learned == 0 || Stopwatch.GetElapsedTime(_learned) > BetweenMaps)
                await LearnAsync();
            if (_map[HashSlot.Of(key)] is not { Length: > 0 } nodes)
                return (false, null);
            // What a client takes a refusal for (MASTERDOWN, LOADING, MOVED): ask another.
            var answer = await AskAsync(nodes[random.Next(nodes.Length)], ["GET", key]);
            return answer is RespError ? (false, null) : (true, answer);
        }

        public void Dispose()
        {
            foreach (var connection in _open.Values)
                connection.Dispose();
        }

        private async Task<object?> AskAsync(StoreAddress address, string[] command)
        {
            try
            {
                if (!_open.TryGetValue(address, out var connection))
                {
                    _open[address] = connection = await RespConnection.OpenAsync(address, Within, CancellationToken.None);
                    await connection.AskAsync(Within, CancellationToken.None, ["READONLY"]);
                }

                return (await connection.AskAsync(Within, CancellationToken.None, command))[0];
            }
            catch (IOException broken)
            {
                if (_open.Remove(address, out var dead))
                    dead.Dispose();
                return new RespError(broken.Message);
            }
        }

        // [first, last, [host, port, id], replicas...], ...
        private async Task LearnAsync()
        {
            foreach (var seed in seeds().Where(seed => seed != default))
            {
                if (await AskAsync(seed, ["CLUSTER", "SLOTS"]) is not object?[] { Length: > 0 } runs)
                    continue;
                foreach (var run in runs.OfType<object?[]>())
                {
                    StoreAddress[] nodes = [.. run.Skip(2).OfType<object?[]>().Select(node => node is [string host, long port, ..] ? new StoreAddress(host, (int)port) : default).Where(node => node != default)];
                    if (run is [long first, long last, ..])
                        _map.AsSpan((int)first, (int)(last - first + 1)).Fill(nodes);
                }

                _learned = Stopwatch.GetTimestamp();
                return;
            }
        }
    }
}
