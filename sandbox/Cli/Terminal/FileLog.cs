using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Ops.Cli.Terminal;

/// <summary>Log lines into a file, so that the screen stays for people. At most two files of <see cref="MaxBytes"/> each.</summary>
internal sealed class FileLog(string path, TimeProvider time) : ILoggerFactory, ILoggerProvider
{
    // Two files of 8 MB hold days of a quiet sandbox and the last hour of a noisy one.
    private const long MaxBytes = 8 * 1024 * 1024;

    private readonly Lock gate = new();
    private StreamWriter? writer;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This log has one destination.");

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            writer?.Dispose();
            writer = null;
        }
    }

    private void Write(LogLevel level, string category, string message, Exception? error)
    {
        lock (gate)
        {
            if (writer is null || writer.BaseStream.Length > MaxBytes)
                Open();
            writer!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level} {category}: {message}"));
            if (error is not null)
                writer.WriteLine(error);
            writer.Flush();
        }
    }

    private void Open()
    {
        writer?.Dispose();
        if (File.Exists(path))
            File.Move(path, path + ".1", overwrite: true);
        writer = new StreamWriter(path);
    }

    private sealed class Logger(FileLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        // Debug lines of a web server would drown what matters.
        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= (category.StartsWith("Microsoft.", StringComparison.Ordinal) ? LogLevel.Warning : LogLevel.Information);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                log.Write(logLevel, category, formatter(state, exception), exception);
        }
    }
}
