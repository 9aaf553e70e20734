using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>How a command ended.</summary>
/// <param name="Answer">What the node that serves the key answered; null where none did.</param>
/// <param name="Error">Why not; null when all went well.</param>
/// <param name="Redirects">How often another node was named on the way, which is no error.</param>
/// <param name="Served">Who answered in the end.</param>
internal sealed record StoreAnswer(object? Answer, string? Error, int Redirects, StoreAddress Served);

/// <summary>A client of a cluster as the protocol wants it: a map of the slots, MOVED, ASK and TRYAGAIN. For one caller at a time.</summary>
/// <param name="seeds">Addresses to ask for the map; read anew each time, since pods get new ones.</param>
/// <param name="within">How long an answer may take.</param>
internal sealed class StoreClient(Func<IEnumerable<StoreAddress>> seeds, TimeSpan within) : IDisposable
{
    // Two moves of a slot may cross one command; more redirects in a row are a cluster that does not agree with itself.
    private const int MaxRedirects = 8;

    private readonly StoreAddress[] _map = new StoreAddress[SlotSet.Slots];
    private readonly Dictionary<StoreAddress, RespConnection> _open = [];
    private bool _known;

    /// <summary>Sends commands for one key in one piece on one connection; the answer is that of the last command.</summary>
    public async Task<StoreAnswer> AskAsync(string key, CancellationToken cancellation, params string[][] commands)
    {
        var slot = HashSlot.Of(key);
        var (address, asking, redirects) = (default(StoreAddress), false, 0);
        try
        {
            if (!_known || _map[slot] == default)
                await LearnAsync(cancellation);
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
                    _map[slot] = address;
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

    // [first, last, [host, port, id], replicas...], ... of the first node that tells. Whoever has the highest number of
    // slots in its map knows most; one is enough, since MOVED corrects the rest.
    private async Task LearnAsync(CancellationToken cancellation)
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

                _known = true;
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
