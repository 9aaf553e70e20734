using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Ops.FleetScenario;

/// <summary>One run of the executable behind ./ops, with everything that it prints.</summary>
internal sealed partial class OpsProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly List<string> lines = [];
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OpsProcess(Process process) => this.process = process;

    /// <summary>artifacts/bin/Ops.Cli/release/Ops.Cli, a neighbour of this test's own folder.</summary>
    public static string Executable { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Ops.Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "Ops.Cli"));

    public int Id => process.Id;

    /// <summary>Everything printed so far, both streams.</summary>
    public string Output
    {
        get
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }

    public static OpsProcess Start(params string[] arguments)
    {
        var run = new OpsProcess(new Process
        {
            StartInfo = new ProcessStartInfo(Executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() },
            EnableRaisingEvents = true,
        });
        run.process.OutputDataReceived += (_, line) => run.Add(line.Data);
        run.process.ErrorDataReceived += (_, line) => run.Add(line.Data);
        run.process.Exited += (_, _) => run.ready.TrySetException(new InvalidOperationException("./ops up ended before it was ready"));
        run.process.Start();
        run.process.BeginOutputReadLine();
        run.process.BeginErrorReadLine();
        return run;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(TimeSpan limit, params string[] arguments)
    {
        await using var run = Start(arguments);
        return (await run.ExitAsync(limit), run.Output);
    }

    /// <summary>Waits for "Ready in"; fails with everything printed.</summary>
    public async Task ReadyAsync(TimeSpan limit)
    {
        try
        {
            await ready.Task.WaitAsync(limit);
        }
        catch (Exception error) when (error is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{error.Message}\n{Output}", error);
        }
    }

    public async Task<int> ExitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    /// <summary>The printed line that begins with a word, without its indentation.</summary>
    public string Line(string firstWord) => Output.Split('\n').Select(line => line.Trim()).First(line => line.StartsWith(firstWord + " ", StringComparison.Ordinal));

    /// <summary>The value beside a printed name: kubeconfig, router, key.</summary>
    public string Value(string name) => Line(name)[name.Length..].Trim();

    public void Signal(string signal) => Shell.Kill(signal, process.Id);

    /// <summary>Has it stop, and all that it started with it; kills what does not end within a minute.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Signal("TERM");
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }

        process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
        // The last line of the welcome: everything that tests read has been printed before it.
        if (LastWelcomeLine().IsMatch(line))
            ready.TrySetResult();
    }

    [GeneratedRegex("^Stop it: ", RegexOptions.None, 1000)]
    private static partial Regex LastWelcomeLine();
}
