using System.Collections.Immutable;
using System.Diagnostics;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>How a command ended.</summary>
/// <param name="Answer">What the node that serves the key answered; null where none did.</param>
/// <param name="Error">Why not; null when all went well.</param>
/// <param name="Redirects">How often another node was named on the way, which is no error.</param>
/// <param name="Served">Who answered in the end.</param>
internal sealed record StoreAnswer(object? Answer, string? Error, int Redirects, StoreAddress Served)
{
    /// <summary>Why earlier tries failed, in order.</summary>
    public ImmutableArray<string> Retried { get; init; } = [];
}

/// <summary>
/// A client of a cluster as the protocol wants it: a map of the slots, MOVED, ASK and TRYAGAIN, and where it is patient, another
/// try with a new map after a broken connection or an error that says "not now". For one caller at a time.
/// </summary>
/// <param name="seeds">Addresses to ask for the map; read anew each time, since pods get new ones.</param>
/// <param name="within">How long an answer may take.</param>
/// <param name="patience">How long a command is tried again. With none the first error counts. What is sent must bear repetition.</param>
internal sealed class StoreClient(Func<IEnumerable<StoreAddress>> seeds, TimeSpan within, TimeSpan patience = default) : IDisposable
{
    // Two moves of a slot may cross one command; more redirects in a row are a cluster that does not agree with itself.
    private const int MaxRedirects = 8;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    // One that is told of moves all the time reads the map once a second, as clients of clusters do, not after each.
    private static readonly TimeSpan BetweenMaps = TimeSpan.FromSeconds(1);

    private readonly StoreAddress[] _map = new StoreAddress[SlotSet.Slots];
    private readonly Dictionary<StoreAddress, RespConnection> _open = [];
    private bool _known;
    private bool _moved;
    private long _learned;

    /// <summary>Sends commands for one key in one piece on one connection; the answer is that of the last command.</summary>
    public async Task<StoreAnswer> AskAsync(string key, CancellationToken cancellation, params string[][] commands)
    {
        var retried = ImmutableArray<string>.Empty;
        for (var (began, redirects) = (Stopwatch.GetTimestamp(), 0); ; await Task.Delay(BetweenTries, cancellation))
        {
            var answer = await TryAsync(key, commands, cancellation);
            redirects += answer.Redirects;
            if (answer.Error is null || IsFinal(answer.Error) || Stopwatch.GetElapsedTime(began) >= patience)
                return answer with { Redirects = redirects, Retried = retried };
            retried = retried.Add(answer.Error);
        }
    }

    // An error of the engine's that another try or another node does not change.
    private static bool IsFinal(string error) =>
        error.Split(' ')[0] is var code && code.All(char.IsAsciiLetterUpper) && code is not ("CLUSTERDOWN" or "TRYAGAIN" or "LOADING" or "MASTERDOWN");

    private async Task<StoreAnswer> TryAsync(string key, string[][] commands, CancellationToken cancellation)
    {
        var slot = HashSlot.Of(key);
        var (address, asking, redirects) = (default(StoreAddress), false, 0);
        try
        {
            if (!_known || _map[slot] == default || (_moved && Stopwatch.GetElapsedTime(_learned) > BetweenMaps))
                await LearnAsync(slot, cancellation);
            for (address = _map[slot]; redirects <= MaxRedirects; redirects++)
            {
                if (address == default)
                    return new StoreAnswer(null, "no node says who has the slot", redirects, address);
                var answers = await (await ConnectionAsync(address, cancellation)).AskAsync(within, cancellation, asking ? [["ASKING"], .. commands] : commands);
                if (answers.OfType<RespError>().FirstOrDefault() is not { } error)
                    return new StoreAnswer(answers[^1], null, redirects, address);
                var words = error.Words.Split(' ');
                asking = words[0] == "ASK";
                if (words[0] == "TRYAGAIN")
                    continue;
                if (words is not ["MOVED" or "ASK", _, var place])
                    return Forget(new StoreAnswer(null, error.Words, redirects, address));
                var colon = place.LastIndexOf(':');
                address = new StoreAddress(place[..colon], int.Parse(place.AsSpan(colon + 1)));
                if (!asking)
                    (_map[slot], _moved) = (address, true);
            }

            return Forget(new StoreAnswer(null, "too many redirects", redirects, address));
        }
        catch (IOException broken)
        {
            if (_open.Remove(address, out var dead))
                dead.Dispose();
            return Forget(new StoreAnswer(null, broken.Message, redirects, address));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _open.Values)
            connection.Dispose();
        _open.Clear();
    }

    private StoreAnswer Forget(StoreAnswer answer)
    {
        _known = false;
        return answer;
    }

    private async Task<RespConnection> ConnectionAsync(StoreAddress address, CancellationToken cancellation) =>
        _open.TryGetValue(address, out var open) ? open : _open[address] = await RespConnection.OpenAsync(address, within, cancellation);

    // [first, last, [host, port, id], replicas...], ... of the first node that tells of the slot; MOVED corrects the rest.
    private async Task LearnAsync(int slot, CancellationToken cancellation)
    {
        foreach (var seed in seeds().Where(seed => seed != default))
        {
            try
            {
                var answer = (await (await ConnectionAsync(seed, cancellation)).AskAsync(within, cancellation, ["CLUSTER", "SLOTS"]))[0];
                if (answer is not object?[] { Length: > 0 } runs)
                    continue;
                foreach (var run in runs.OfType<object?[]>())
                {
                    if (run is [long first, long last, object?[] and [string host, long port, ..], ..] && host.Length > 0)
                        _map.AsSpan((int)first, (int)(last - first + 1)).Fill(new StoreAddress(host, (int)port));
                }

                (_known, _moved, _learned) = (true, false, Stopwatch.GetTimestamp());
                if (_map[slot] != default)
                    return;
            }
            catch (IOException)
            {
                if (_open.Remove(seed, out var dead))
                    dead.Dispose();
            }
        }
    }
}
