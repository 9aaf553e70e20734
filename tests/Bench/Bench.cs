namespace Ops.Bench;

/// <summary>One claim as a command: it measures, and returns its figures by key.</summary>
internal interface IBench
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>One line for the help.</summary>
    string Summary { get; }

    /// <summary>Measures. A figure that could not be measured is absent, never invented.</summary>
    Task RunAsync(BenchContext context, CancellationToken cancellation);
}

/// <summary>What a bench may use.</summary>
/// <param name="Quick">The same work smaller, in at most 60 s, with the same keys.</param>
/// <param name="Figures">Where the figures go.</param>
/// <param name="Say">Prints one line of progress.</param>
/// <param name="Soak">How long a soak lasts, where the bench has one; null for the bench's own default.</param>
/// <param name="Part">Only this part of a bench that has parts; null for all.</param>
/// <param name="Checkpoint">Writes the figures so far to the file of <c>--json</c>, so that a long run that is cut off leaves what it has; null for nowhere.</param>
internal sealed record BenchContext(bool Quick, Figures Figures, Action<string> Say, TimeSpan? Soak = null, string? Part = null, Func<Task>? Checkpoint = null)
{
    /// <summary>Runs a part unless a run that was cut off has done it, and writes the figures once it is done.</summary>
    /// <param name="part">Its name, or that of a part of it: what is skipped by --resume.</param>
    /// <param name="run">What it does.</param>
    public async Task OnceAsync(string part, Func<Task> run)
    {
        if (Figures.Parts.Contains(part))
            return;
        await run();
        Figures.Parts.Add(part);
        if (Checkpoint is { } write)
            await write();
    }
}

/// <summary>Figures in the order in which they were measured, each with its unit for people. Parts that run at once may add theirs.</summary>
internal sealed class Figures
{
    private readonly Lock _adding = new();
    private readonly List<(string Key, double Value, string Unit, string Meaning)> _rows = [];

    /// <summary>Parts of the bench that are done, where it has parts.</summary>
    public IList<string> Parts { get; } = [];

    /// <summary>The rows so far.</summary>
    public IReadOnlyList<(string Key, double Value, string Unit, string Meaning)> Rows => _rows;

    /// <summary>Adds a figure, in place of an earlier one of a part that was cut off; not a number means not measured and is left out.</summary>
    public void Add(string key, double value, string unit, string meaning)
    {
        if (!double.IsFinite(value))
            return;
        lock (_adding)
        {
            _rows.RemoveAll(row => row.Key == key);
            _rows.Add((key, value, unit, meaning));
        }
    }
}
