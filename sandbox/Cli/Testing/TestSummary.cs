using System.Globalization;

namespace Ops.Cli.Testing;

/// <summary>What is printed about finished test executables, and the exit code they make together.</summary>
internal static class TestSummary
{
    /// <summary><c>ok      Ops.Kube.Tests                 42 passed,  0 failed,  1 skipped    3.1 s</c></summary>
    public static string ProjectLine(TestExecution execution) => string.Create(CultureInfo.InvariantCulture,
        $"{(execution.Failed == 0 ? "ok" : "FAILED"),-7} {execution.Project.Name,-32} {execution.Results.Passed,5} passed, {execution.Failed,3} failed, {execution.Results.Skips.Count,3} skipped  {execution.Took.TotalSeconds,6:0.0} s");

    /// <summary>Every failure in full, those with one cause (a fixture's) together, then every reason for a skip with its tests.</summary>
    public static IEnumerable<string> Details(IReadOnlyList<TestExecution> executions)
    {
        var ordered = executions.OrderBy(execution => execution.Project.Name, StringComparer.Ordinal).ToList();
        foreach (var execution in ordered)
        {
            foreach (var cause in execution.Results.Failures.GroupBy(failure => (failure.Message, failure.StackTrace)))
            {
                yield return "";
                foreach (var failure in cause)
                    yield return $"FAILED {failure.Name}";
                yield return cause.Key.Message;
                yield return cause.Key.StackTrace;
            }

            if (execution.Crash is null)
                continue;
            yield return "";
            yield return $"FAILED {execution.Project.Name} {execution.Crash}. Its last lines:";
            foreach (var line in execution.OutputTail)
                yield return "  " + line;
        }

        var reasons = ordered.SelectMany(execution => execution.Results.Skips).GroupBy(skip => skip.Reason, StringComparer.Ordinal).ToList();
        yield return "";
        foreach (var reason in reasons)
            yield return $"skipped {reason.Count()}: {reason.Key} ({string.Join(", ", reason.Take(3).Select(skip => skip.Name))}{(reason.Count() > 3 ? ", ..." : "")})";
    }

    /// <summary>The last line, alone and complete.</summary>
    public static string LastLine(IReadOnlyList<TestExecution> executions) => string.Create(CultureInfo.InvariantCulture,
        $"{executions.Sum(execution => execution.Results.Passed)} passed, {executions.Sum(execution => execution.Failed)} failed, {executions.Sum(execution => execution.Results.Skips.Count)} skipped");

    /// <summary>0 only when something ran and nothing failed or crashed.</summary>
    public static int ExitCode(IReadOnlyList<TestExecution> executions) =>
        executions.Any(execution => execution.Failed > 0) || executions.Sum(execution => execution.Results.Passed) == 0 ? 1 : 0;
}
