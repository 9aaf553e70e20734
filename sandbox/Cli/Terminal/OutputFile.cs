namespace Ops.Cli.Terminal;

/// <summary>Keeps what a process prints: all of it in a file, the last lines in memory.</summary>
internal sealed class OutputFile(string path, int tailLines) : IAsyncDisposable
{
    private readonly StreamWriter writer = new(path);
    private readonly Queue<string> tail = new();
    private readonly Lock gate = new();
    private bool closed;

    /// <summary>The last lines.</summary>
    public IReadOnlyList<string> Tail
    {
        get
        {
            lock (gate)
                return [.. tail];
        }
    }

    /// <summary>Adds a line; null marks the end of the stream and adds nothing.</summary>
    public void Add(string? line)
    {
        if (line is null)
            return;
        lock (gate)
        {
            if (closed)
                return;
            writer.WriteLine(line);
            tail.Enqueue(line);
            if (tail.Count > tailLines)
                tail.Dequeue();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (gate)
            closed = true;
        return writer.DisposeAsync();
    }
}
