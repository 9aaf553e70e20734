namespace Ops.Load;

/// <summary>Open-loop replay of a trace against an OpenAI endpoint.</summary>
public static class LoadRun
{
    /// <summary>
    /// Sends every request of the trace at its own time, whatever happens to the earlier ones, and measures the answers.
    /// Cancelling stops sending, abandons what is under way and still returns the report of what happened until then.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of range; nothing was sent.</exception>
    public static Task<LoadReport> RunAsync(LoadOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Task.FromException<LoadReport>(new NotSupportedException("The replay engine is being written."));
    }
}
