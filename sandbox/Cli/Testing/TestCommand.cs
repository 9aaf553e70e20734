using System.CommandLine;
using System.Globalization;
using Ops.Cli.Terminal;

namespace Ops.Cli.Testing;

/// <summary><c>./ops test</c>: runs every test project of the solution and ends with one line of counts.</summary>
internal static class TestCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var filter = new Option<string?>("--filter") { HelpName = "text", Description = "Only tests whose full name (namespace.class.method) contains this." };
        var project = new Option<string?>("--project") { HelpName = "text", Description = "Only test projects whose name contains this." };
        var command = new Command("test", "Run all tests; the last line is 'N passed, N failed, N skipped'.") { filter, project };
        command.SetAction((parsed, cancellation) =>
            RunAsync(screen, time, parsed.GetValue(filter), parsed.GetValue(project), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Screen screen, TimeProvider time, string? filter, string? only, CancellationToken cancellation)
    {
        var projects = SolutionTests.Find(File.ReadAllText(Path.Combine(Checkout.Root, "Ops.sln")), Checkout.Executable)
            .Where(project => only is null || project.Name.Contains(only, StringComparison.OrdinalIgnoreCase))
            .ToList();
        if (projects.Count == 0)
            throw new UserError(only is null ? "Ops.sln holds no test project." : $"No test project's name contains '{only}'.");

        var folder = Path.Combine(Checkout.Root, "artifacts", "test-results");
        Directory.CreateDirectory(folder);
        var start = time.GetTimestamp();
        var executions = new List<TestExecution>();
        await RunLaneAsync(TestLane.Small, width: 2);
        await Task.WhenAll(RunLaneAsync(TestLane.Whole, width: 1), RunLaneAsync(TestLane.Patient, width: 1));

        foreach (var line in TestSummary.Details(executions))
            screen.Line(line);
        screen.Line(string.Create(CultureInfo.InvariantCulture,
            $"{executions.Count} projects in {time.GetElapsedTime(start).TotalSeconds:0} s; reports and output in {Path.GetRelativePath(Checkout.Root, folder)}"));
        screen.Line(TestSummary.LastLine(executions));
        return TestSummary.ExitCode(executions);

        Task RunLaneAsync(TestLane lane, int width) => Parallel.ForEachAsync(
            projects.Where(project => project.Lane == lane),
            new ParallelOptions { MaxDegreeOfParallelism = width, CancellationToken = cancellation },
            async (project, token) =>
            {
                screen.Transient($"running {project.Name}");
                var execution = await TestExecution.RunAsync(project, filter, folder, time, token);
                lock (executions)
                    executions.Add(execution);
                if (filter is null || execution.Results.Passed + execution.Failed + execution.Results.Skips.Count > 0)
                    screen.Line(TestSummary.ProjectLine(execution));
            });
    }
}
