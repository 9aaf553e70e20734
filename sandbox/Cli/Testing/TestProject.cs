using System.Text.RegularExpressions;

namespace Ops.Cli.Testing;

/// <summary>A test project of the solution.</summary>
/// <param name="Name">Its assembly, for example Ops.Kube.Tests.</param>
/// <param name="Kind">The folder below tests/: Unit, Contract, Scenario.</param>
/// <param name="Executable">Where its build lies.</param>
internal sealed record TestProject(string Name, string Kind, string Executable)
{
    /// <summary>With what it may share the machine.</summary>
    public TestLane Lane => Kind == "Unit" ? TestLane.Small : PatientProjects.Contains(Name) ? TestLane.Patient : TestLane.Whole;

    // Learning what is normal, and seeing that a fault is over, take minutes in which half a core is used; a real control
    // plane takes its time to elect, to take new kinds up and to sync its caches, and a store to miss a node.
    private static readonly string[] PatientProjects = ["Ops.IncidentScenario.Tests", "Ops.RealCluster.Tests", "Ops.ShardedStoreScenario.Tests"];
}

/// <summary>With what a test project may share the machine.</summary>
internal enum TestLane
{
    /// <summary>Owns nothing that two processes could fight over, and mostly waits for one core: two at a time.</summary>
    Small,

    /// <summary>Starts servers and whole fleets: one at a time.</summary>
    Whole,

    /// <summary>Mostly waits: beside the whole ones, one at a time.</summary>
    Patient,
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
