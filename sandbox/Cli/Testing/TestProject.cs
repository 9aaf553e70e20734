using System.Text.RegularExpressions;

namespace Ops.Cli.Testing;

/// <summary>A test project of the solution.</summary>
/// <param name="Name">Its assembly, for example Ops.Kube.Tests.</param>
/// <param name="Kind">The folder below tests/: Unit, Contract, Scenario.</param>
/// <param name="Executable">Where its build lies.</param>
internal sealed record TestProject(string Name, string Kind, string Executable)
{
    /// <summary>
    /// Unit tests own nothing that two processes could fight over, so they may run side by side. The others start servers
    /// and whole fleets, and run alone.
    /// </summary>
    public bool RunsAlone => Kind != "Unit";
}

/// <summary>Finds the test projects in the text of a solution file.</summary>
internal static partial class SolutionTests
{
    /// <summary>Projects below tests/ whose name ends in .Tests: unit tests first, scenarios last.</summary>
    public static IReadOnlyList<TestProject> Find(string solution, Func<string, string> executableOf) =>
        [.. ProjectPath().Matches(solution)
            .Select(match => new TestProject(match.Groups["name"].Value, match.Groups["kind"].Value, executableOf(match.Groups["name"].Value)))
            .OrderBy(project => project.Kind switch { "Unit" => 0, "Contract" => 1, _ => 2 })
            .ThenBy(project => project.Name, StringComparer.Ordinal)];

    // "tests\Unit\Kube\Ops.Kube.Tests.csproj"
    [GeneratedRegex(@"""tests[\\/](?<kind>[^\\/""]+)[\\/]([^""]*[\\/])?(?<name>[^\\/""]+\.Tests)\.csproj""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProjectPath();
}
