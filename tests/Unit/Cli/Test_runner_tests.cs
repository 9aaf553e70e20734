using System.Xml.Linq;
using Ops.Cli.Testing;

namespace Ops.Cli.Tests;

/// <summary>Discovery, counting and the last line of ./ops test.</summary>
public sealed class Test_runner_tests
{
    private static readonly TestProject Project = new("Ops.X.Tests", "Unit", "/bin/x");

    [Fact]
    public void Projects_are_found_in_the_solution_units_first()
    {
        const string Solution = """
            Project("{FAE0}") = "Ops.Fleet.Tests", "tests\Scenario\Fleet\Ops.Fleet.Tests.csproj", "{1}"
            Project("{FAE0}") = "Ops.IncidentScenario.Tests", "tests\Scenario\Incidents\Ops.IncidentScenario.Tests.csproj", "{6}"
            Project("{FAE0}") = "Ops.Testing", "tests\Support\Ops.Testing.csproj", "{2}"
            Project("{FAE0}") = "Ops.Kube.Tests", "tests\Unit\Kube\Ops.Kube.Tests.csproj", "{3}"
            Project("{FAE0}") = "Ops.Api", "controller\Api\Ops.Api.csproj", "{4}"
            Project("{FAE0}") = "Ops.Contract.Tests", "tests\Contract\Ops.Contract.Tests.csproj", "{5}"
            """;

        var found = SolutionTests.Find(Solution, name => "/bin/" + name);

        found.ShouldBe([
            new TestProject("Ops.Kube.Tests", "Unit", "/bin/Ops.Kube.Tests"),
            new TestProject("Ops.Contract.Tests", "Contract", "/bin/Ops.Contract.Tests"),
            new TestProject("Ops.Fleet.Tests", "Scenario", "/bin/Ops.Fleet.Tests"),
            new TestProject("Ops.IncidentScenario.Tests", "Scenario", "/bin/Ops.IncidentScenario.Tests"),
        ]);
        found.Select(project => project.Lane).ShouldBe([TestLane.Small, TestLane.Whole, TestLane.Whole, TestLane.Patient]);
    }

    [Fact]
    public void A_report_is_read_with_failures_skips_and_errors_of_fixtures()
    {
        var results = TestResults.Parse(XDocument.Parse("""
            <assemblies><assembly>
              <errors><error type="test-class-cleanup" name="X"><failure><message>cleanup broke</message></failure></error></errors>
              <collection>
                <test name="a" result="Pass"/><test name="b" result="Pass"/>
                <test name="c" result="Fail"><failure><message>say \"hi\"</message><stack-trace>at C</stack-trace></failure></test>
                <test name="d" result="Skip"><reason>needs kubectl</reason></test>
              </collection>
            </assembly></assemblies>
            """));

        results.Passed.ShouldBe(2);
        results.Failures.ShouldBe([new TestFailure("c", "say \"hi\"", "at C"), new TestFailure("test-class-cleanup X", "cleanup broke", "")]);
        results.Skips.ShouldBe([new TestSkip("d", "needs kubectl")]);
    }

    [Fact]
    public void All_green_ends_with_zero_and_the_line_alone()
    {
        TestExecution[] executions = [Execution(passed: 3), Execution(passed: 2, skips: 1)];

        TestSummary.LastLine(executions).ShouldBe("5 passed, 0 failed, 1 skipped");
        TestSummary.ExitCode(executions).ShouldBe(0);
    }

    [Fact]
    public void A_failure_a_crash_or_an_empty_run_fails_the_whole()
    {
        TestExecution[] failed = [Execution(passed: 3), Execution(passed: 1, failures: 2)];
        TestExecution[] crashed = [Execution(passed: 3), Execution(passed: 0, crash: "ended with exit code 134 and without a report")];

        TestSummary.LastLine(failed).ShouldBe("4 passed, 2 failed, 0 skipped");
        TestSummary.ExitCode(failed).ShouldBe(1);
        TestSummary.LastLine(crashed).ShouldBe("3 passed, 1 failed, 0 skipped");
        TestSummary.ExitCode(crashed).ShouldBe(1);
        TestSummary.ExitCode([Execution(passed: 0, skips: 4)]).ShouldBe(1);
    }

    [Fact]
    public void Details_hold_messages_traces_crash_output_and_skip_reasons()
    {
        var text = string.Join('\n', TestSummary.Details([
            Execution(passed: 0, failures: 1, skips: 2),
            Execution(passed: 0, crash: "ended with exit code 139 and without a report"),
        ]));

        text.ShouldContain("FAILED failure 0\nmessage 0\ntrace 0");
        text.ShouldContain("FAILED Ops.X.Tests ended with exit code 139 and without a report. Its last lines:\n  last words");
        text.ShouldContain("skipped 2: a reason (skip 0, skip 1)");
    }

    [Fact]
    public void Failures_with_one_cause_are_told_together()
    {
        var results = new TestResults(0, [new("a", "the fixture threw", "at X"), new("b", "the fixture threw", "at X"), new("c", "other", "at Y")], []);

        string.Join('\n', TestSummary.Details([new TestExecution(Project, results, null, [], TimeSpan.Zero)]))
            .ShouldContain("\nFAILED a\nFAILED b\nthe fixture threw\nat X\n\nFAILED c\nother\nat Y");
    }

    [Fact]
    public async Task A_project_that_is_not_built_is_a_failure()
    {
        using var folder = new TemporaryFolder();

        var execution = await TestExecution.RunAsync(Project with { Executable = "/nonexistent/x" }, null, folder.Path, TimeProvider.System, CancellationToken.None);

        execution.Failed.ShouldBe(1);
        execution.Crash!.ShouldContain("is not built");
    }

    [Theory]
    [InlineData("exit 3", 1, "exit code 3")]
    [InlineData("exit 0", 1, "without a report")]
    public async Task An_executable_that_dies_without_a_report_is_a_failure(string script, int failed, string reason)
    {
        using var folder = new TemporaryFolder();
        var executable = folder.Write("dies", $"#!/bin/sh\necho last words\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(executable, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var execution = await TestExecution.RunAsync(Project with { Executable = executable }, null, folder.Path, TimeProvider.System, CancellationToken.None);

        execution.Failed.ShouldBe(failed);
        execution.Crash!.ShouldContain(reason);
        execution.OutputTail.ShouldContain("last words");
    }

    private static TestExecution Execution(int passed, int failures = 0, int skips = 0, string? crash = null) => new(
        Project,
        new TestResults(
            passed,
            [.. Enumerable.Range(0, failures).Select(index => new TestFailure($"failure {index}", $"message {index}", $"trace {index}"))],
            [.. Enumerable.Range(0, skips).Select(index => new TestSkip($"skip {index}", "a reason"))]),
        crash,
        crash is null ? [] : ["last words"],
        TimeSpan.FromSeconds(1));
}
