using System.Diagnostics;

namespace Ops.Testing;

/// <summary>One process of a test: its output goes to a file, and it does not outlive the test.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;

    private ChildProcess(Process process, string logFile)
    {
        _process = process;
        LogFile = logFile;
        _log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += KillNow;
    }

    /// <summary>Where both output streams go.</summary>
    public string LogFile { get; }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program; throws when it cannot be started.</summary>
    public static ChildProcess Start(string file, IEnumerable<string> arguments, string logFile, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[key] = value;
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{file} could not be started"), logFile);
    }

    /// <summary>The last lines of its output, for messages of failed tests.</summary>
    public string Tail(int lines = 20)
    {
        lock (_log)
            return string.Join('\n', File.ReadLines(LogFile).TakeLast(lines));
    }

    /// <summary>Sends a signal by its name, for example STOP, CONT, TERM or KILL.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has ended.</summary>
    public Task WaitForExitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <summary>Asks it to stop, then kills it after five seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillNow;
        if (!_process.HasExited)
        {
            await SignalAsync("TERM");
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        _process.Dispose();
        lock (_log)
            _log.Dispose();
    }

    private void KillNow(object? sender, EventArgs e) => _process.Kill(entireProcessTree: true);

    private void Write(string? line)
    {
        if (line is null)
            return;
        lock (_log)
        {
            if (_log.BaseStream is { CanWrite: true })
                _log.WriteLine(line);
        }
    }
}
