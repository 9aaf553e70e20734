using Ops.HealingScenario;
using Ops.Sandbox.ShopPlan;
using Spectre.Console;

namespace Ops.Bench.Healing;

/// <summary>How each fault came out by rules alone, a row each, and by name what was not detected, located or healed.</summary>
internal static class HealingTable
{
    /// <summary>Prints it.</summary>
    /// <param name="title">What the faults have in common.</param>
    /// <param name="runs">A row each.</param>
    public static void Print(string title, IReadOnlyList<(ObjectFault Fault, FaultOutcome Outcome)> runs)
    {
        var table = new Table().Title(title).AddColumns("fault", "detected", "located", "healed", "detected after, s", "healed after, s", "collateral");
        foreach (var (fault, outcome) in runs)
            table.AddRow(Markup.Escape(fault.Name), Answer(outcome.Detected), Answer(outcome.Located), Answer(outcome.Healed), Seconds(outcome.DetectedSeconds), Seconds(outcome.Seconds), $"{outcome.Collateral}");
        AnsiConsole.Write(table);
        Name("not detected", runs, outcome => outcome.Detected);
        Name("not located", runs, outcome => outcome.Located);
        Name("not healed", runs, outcome => outcome.Healed);
        Summarise(runs);
    }

    // One sentence about all that must not be touched: every object but the one at fault, compared after each fault.
    private static void Summarise(IReadOnlyList<(ObjectFault Fault, FaultOutcome Outcome)> runs)
    {
        var touched = runs.SelectMany(run => run.Outcome.Strays.Select(stray => $"{stray} ({run.Fault.Name})")).ToList();
        AnsiConsole.WriteLine($"collateral: {(touched.Count == 0 ? "none" : string.Join(", ", touched))}, of {runs.Sum(run => run.Outcome.Compared)} comparisons of other objects over {runs.Count} faults");
    }

    private static void Name(string what, IEnumerable<(ObjectFault Fault, FaultOutcome Outcome)> runs, Func<FaultOutcome, bool> came)
    {
        var names = runs.Where(run => !came(run.Outcome)).Select(run => run.Fault.Name).ToList();
        AnsiConsole.WriteLine($"{what}: {(names.Count == 0 ? "none" : string.Join(", ", names))}");
    }

    private static string Answer(bool came) => came ? "yes" : "NO";

    private static string Seconds(double seconds) => double.IsNaN(seconds) ? "-" : $"{seconds:0.0}";
}
