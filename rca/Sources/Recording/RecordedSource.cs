namespace Ops.Rca.Sources.Recording;

/// <summary>A source whose rounds are also written to a file, while there is room for them.</summary>
/// <param name="source">Where the rounds come from.</param>
/// <param name="file">Written anew.</param>
public sealed class RecordedSource(ISampleSource source, string file) : ISampleSource, IDisposable
{
    /// <summary>Rounds that are written: an hour at 5 s. 2,000 series take about 20 KB a round, 15 MB in all.</summary>
    public const int MostRounds = 720;

    private readonly StreamWriter writer = new(file);
    private readonly Dictionary<RawSeries, int> written = [];
    private int rounds;

    /// <inheritdoc/>
    public double StepSeconds => source.StepSeconds;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => source.Notes;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SampleRound>> ReadAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var read = await source.ReadAsync(now, cancellationToken);
        foreach (var round in read.Take(MostRounds - rounds))
        {
            RoundFile.Write(writer, round, written);
            rounds++;
        }

        // A reader may come at any time.
        await writer.FlushAsync(cancellationToken);
        return read;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        writer.Dispose();
        (source as IDisposable)?.Dispose();
    }
}
