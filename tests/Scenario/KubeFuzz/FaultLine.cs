namespace Ops.KubeFuzz.Tests;

/// <summary>One client's line to the server: what goes wrong on it, drawn from a seed, and how often it did.</summary>
internal sealed class FaultLine(int seed) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Random random = new(seed);
    private readonly Dictionary<string, List<string>> owed = [];
    private CancellationTokenSource connections = new();
    private volatile bool closed;
    private int writes;

    /// <summary>Faults are injected while this is true.</summary>
    public volatile bool Faulty = true;

    /// <summary>What was injected.</summary>
    public FaultTally Tally { get; } = new();

    /// <summary>While true every connection is refused.</summary>
    public bool Closed => closed;

    /// <summary>Requests other than GET that came through the line.</summary>
    public int Writes => writes;

    /// <summary>Ends when all connections of the line are cut.</summary>
    public CancellationToken Connections
    {
        get
        {
            lock (gate)
                return connections.Token;
        }
    }

    public int Next(int limit)
    {
        lock (gate)
            return random.Next(limit);
    }

    /// <summary>
    /// Notes a line that a watch passed on behind later ones. If the connection is cut right there, the client goes on from
    /// the later ones and no server sends it again: the next watch of the path must.
    /// </summary>
    public void Owe(string path, string text)
    {
        lock (gate)
        {
            if (!owed.TryGetValue(path, out var texts))
                owed[path] = texts = [];
            texts.Add(text);
        }
    }

    /// <summary>What was passed on late since the last list.</summary>
    public IReadOnlyList<string> Owed(string path)
    {
        lock (gate)
            return owed.TryGetValue(path, out var texts) ? [.. texts] : [];
    }

    /// <summary>A list tells everything.</summary>
    public void Settle(string path)
    {
        lock (gate)
            owed.Remove(path);
    }

    public void CountWrite() => Interlocked.Increment(ref writes);

    /// <summary>Cuts every connection and refuses new ones.</summary>
    public void Close()
    {
        closed = true;
        CancellationTokenSource cut;
        lock (gate)
            (cut, connections) = (connections, new CancellationTokenSource());
        cut.Cancel();
        cut.Dispose();
        Tally.Add(Fault.Gap);
    }

    public void Open() => closed = false;

    public void Dispose() => connections.Dispose();

    /// <summary>The fate of a request that is not a watch: a fault in a quarter of the cases.</summary>
    public Fault? DrawForRequest(bool write, bool nextPage)
    {
        if (!Faulty || Next(4) != 0)
            return null;
        Fault[] choices = write
            ? [Fault.RequestDropped, Fault.AnswerDropped, Fault.RequestStalled, Fault.Status409, Fault.Status409, Fault.Status429, Fault.Status500]
            : nextPage
                ? [Fault.RequestDropped, Fault.AnswerDropped, Fault.Status410, Fault.Status410, Fault.Status500]
                : [Fault.RequestDropped, Fault.AnswerDropped, Fault.RequestStalled, Fault.Status429, Fault.Status500];
        return choices[Next(choices.Length)];
    }

    /// <summary>The fate of a watch: two thirds go wrong, after some lines.</summary>
    public (Fault? Fault, int AfterLines) DrawForWatch()
    {
        if (!Faulty || Next(3) == 0)
            return (null, 0);
        Fault[] choices =
        [
            Fault.RequestDropped, Fault.Status500, Fault.Status410, Fault.Event410, Fault.Event410, Fault.WatchEnded, Fault.WatchReset, Fault.WatchReset,
            Fault.WatchCutMidLine, Fault.WatchCutMidLine, Fault.WatchStalled, Fault.WatchStalled, Fault.EventDuplicated, Fault.EventDuplicated,
            Fault.EventDelayed, Fault.EventDelayed,
        ];
        return (choices[Next(choices.Length)], Next(6));
    }
}
