using System.Diagnostics;
using Ops.Cli.Terminal;

namespace Ops.Cli.Testing;

/// <summary>One finished test executable.</summary>
/// <param name="Project">What ran.</param>
/// <param name="Results">Its report; empty when it died without one.</param>
/// <param name="Crash">Why it counts as failed although its report does not say so; null when it ended properly.</param>
/// <param name="OutputTail">The last lines it printed, for a crash.</param>
/// <param name="Took">Wall-clock time.</param>
internal sealed record TestExecution(TestProject Project, TestResults Results, string? Crash, IReadOnlyList<string> OutputTail, TimeSpan Took)
{
    private static readonly TestResults Nothing = new(0, [], []);

    // Twelve minutes: the whole suite has 15, so a longer project hangs.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(12);

    // A crash is explained by what was printed last; 60 lines hold a long stack trace.
    private const int TailLines = 60;

    /// <summary>Failed tests; a crash counts as one.</summary>
    public int Failed => Results.Failures.Count + (Crash is null ? 0 : 1);

    /// <summary>Runs one test executable to its end.</summary>
    /// <param name="project">What to run.</param>
    /// <param name="filter">Part of a test's full name; null runs all.</param>
    /// <param name="folder">Where its report and its output go.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Kills the executable and everything that it started.</param>
    public static async Task<TestExecution> RunAsync(
        TestProject project, string? filter, string folder, TimeProvider time, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        if (!File.Exists(project.Executable))
            return new TestExecution(project, Nothing, $"is not built: {project.Executable} does not exist", [], TimeSpan.Zero);

        var report = Path.Combine(folder, project.Name + ".xml");
        File.Delete(report);
        using var process = Start(project, filter, report);
        var output = new OutputFile(Path.Combine(folder, project.Name + ".log"), TailLines);
        string? crash = null;
        await using (output)
        {
            process.OutputDataReceived += (_, line) => output.Add(line.Data);
            process.ErrorDataReceived += (_, line) => output.Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            using var deadline = new CancellationTokenSource(Limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
            try
            {
                await process.WaitForExitAsync(either.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellation.ThrowIfCancellationRequested();
                crash = $"did not end within {Limit.TotalMinutes:0} minutes and was killed";
            }
        }

        var results = TestResults.Read(report);
        crash ??= (results, process.ExitCode) switch
        {
            (null, var code) => $"ended with exit code {code} and without a report",
            ({ Failures.Count: 0 }, not 0 and var code) => $"ended with exit code {code} although no test failed",
            _ => null,
        };
        return new TestExecution(project, results ?? Nothing, crash, output.Tail, time.GetElapsedTime(start));
    }

    private static Process Start(TestProject project, string? filter, string report)
    {
        var start = new ProcessStartInfo(project.Executable)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = Checkout.Root,
        };
        foreach (var argument in new[] { "-noColor", "-noLogo", "-noAutoReporters", "-result-xml", report })
            start.ArgumentList.Add(argument);
        if (filter is not null)
        {
            start.ArgumentList.Add("-method");
            start.ArgumentList.Add($"*{filter}*");
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
