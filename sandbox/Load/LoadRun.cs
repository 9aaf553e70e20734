namespace Ops.Load;

/// <summary>Open-loop replay of a trace against an OpenAI endpoint.</summary>
public static class LoadRun
{
    /// <summary>
    /// Sends every request of the trace at its own time, whatever happens to the earlier ones, and measures the answers.
    /// Cancelling stops sending, abandons what is under way and still returns the report of what happened until then.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of range; nothing was sent.</exception>
    public static async Task<LoadReport> RunAsync(LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        using var replay = new Replay(options);
        if (replay.Planned == 0)
            throw new ArgumentException("The trace holds no request in the span to replay.", nameof(options));
        using var ended = new CancellationTokenSource();
        try
        {
            var before = await ReadEnergyAsync(options, cancellationToken);
            var reporting = progress is null ? Task.CompletedTask : ReportAsync(replay, options, progress, ended.Token);
            var elapsed = await replay.RunAsync(cancellationToken);
            await ended.CancelAsync();
            await reporting;
            progress?.Report(replay.Progress);
            var joules = before is null ? null : await JoulesSinceAsync(before.Value, options, cancellationToken);
            return Tally.Report(options, replay.Results, elapsed, cancellationToken.IsCancellationRequested, joules);
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private static async Task ReportAsync(Replay replay, LoadOptions options, IProgress<LoadProgress> progress, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(options.ProgressInterval, options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
                progress.Report(replay.Progress);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private static async Task<double?> JoulesSinceAsync(double before, LoadOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(options.EnergySettle, options.TimeProvider, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        return await ReadEnergyAsync(options, cancellationToken) is { } after ? after - before : null;
    }

    // A cancelled run still reports what it has; it has no energy then.
    private static async Task<double?> ReadEnergyAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await EnergyReading.ReadAsync(options, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static void Check(LoadOptions options)
    {
        if (!(options.Speedup > 0) || !double.IsFinite(options.Speedup))
            throw new ArgumentException("The speedup must be a number above 0.", nameof(options));
        if (options.For <= TimeSpan.Zero)
            throw new ArgumentException("The span to replay must be above 0.", nameof(options));
        if (options.MaxRequests < 1 || options.MaxConcurrent < 1)
            throw new ArgumentException("At least one request must be allowed.", nameof(options));
        if (options.RequestTimeout <= TimeSpan.Zero || options.ProgressInterval <= TimeSpan.Zero || options.EnergySettle < TimeSpan.Zero)
            throw new ArgumentException("Time-out and intervals must be above 0.", nameof(options));
    }
}
