using Spectre.Console;

namespace Ops.Bench.Healing.Acv;

/// <summary>
/// The task list of the ACV study (five levels of autonomy of a self-managing microservice application) by rules alone, given
/// in typed form and graded by oracles; the study's own figures, of GPT-4 Turbo and graded by hand, stand beside.
/// </summary>
internal static class AcvBench
{
    /// <summary>Name of the part.</summary>
    public const string Part = "acv";

    private static readonly Dictionary<(bool IsManager, int Level), double> Study = new()
    {
        [(false, 1)] = 1.00, [(false, 2)] = .87, [(false, 3)] = .74, [(false, 4)] = .50, [(false, 5)] = .25,
        [(true, 2)] = .58, [(true, 3)] = .90, [(true, 4)] = .50, [(true, 5)] = .42,
    };

    /// <summary>Runs the list and adds its figures.</summary>
    public static async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        await using var acv = await AcvWorld.StartAsync(cancellation);
        var only = Environment.GetEnvironmentVariable("OPS_HEALING_ONLY")?.Split(',');
        bool Wants(int level, string name) => only?.Any(one => name.Contains(one, StringComparison.Ordinal)) ?? (!context.Quick || level == 1);
        // A run that is cut off goes on with the level that it was at.
        Task LevelAsync(int level, bool isManager, IEnumerable<(string Name, Func<CancellationToken, Task<IReadOnlyList<AcvGrade>>> Run)> cases) => context.OnceAsync($"{Part} L{level} {Who(isManager)}", async () =>
        {
            var grades = new List<AcvGrade>();
            foreach (var (name, run) in cases.Where(one => Wants(level, one.Name)))
            {
                foreach (var grade in await TryAsync(acv, level, isManager, name, run, cancellation))
                {
                    grades.Add(grade);
                    context.Say($"L{grade.Level} {Who(isManager)}, {grade.Name}: {(grade.Passed ? "passed" : "FAILED")}; {grade.Note}");
                }

                await acv.ResetAsync(cancellation);
            }

            Report(context.Figures, grades);
        });

        await LevelAsync(1, false, Graded(1, false, new AcvTasks(acv).All));
        var objectives = new AcvObjectives(acv);
        await LevelAsync(2, false, Graded(2, false, objectives.Single));
        await LevelAsync(2, true, Graded(2, true, objectives.Manager));
        var incidents = new AcvIncidents(acv);
        foreach (var isManager in (bool[])[false, true])
            await LevelAsync(3, isManager, incidents.All.Select(one => (one.Name, (Func<CancellationToken, Task<IReadOnlyList<AcvGrade>>>)(stop => incidents.RunAsync(one, isManager, stop)))));
    }

    private static string Who(bool isManager) => isManager ? "manager" : "single";

    private static IEnumerable<(string, Func<CancellationToken, Task<IReadOnlyList<AcvGrade>>>)> Graded(
        int level, bool isManager, IEnumerable<(string Name, Func<CancellationToken, Task<(bool, string)>> Run)> cases) =>
        cases.Select(one => (one.Name, (Func<CancellationToken, Task<IReadOnlyList<AcvGrade>>>)(stop => OneAsync(level, isManager, one.Name, one.Run, stop))));

    private static async Task<IReadOnlyList<AcvGrade>> OneAsync(int level, bool isManager, string name, Func<CancellationToken, Task<(bool, string)>> run, CancellationToken cancellation)
    {
        var (passed, note) = await run(cancellation);
        return [new(level, isManager, name, passed, note)];
    }

    // What does not come about in time is a failure of the case and not of the bench.
    private static async Task<IReadOnlyList<AcvGrade>> TryAsync(AcvWorld acv, int level, bool isManager, string name, Func<CancellationToken, Task<IReadOnlyList<AcvGrade>>> run, CancellationToken cancellation)
    {
        try
        {
            return await run(cancellation);
        }
        catch (TimeoutException late)
        {
            return [.. (level == 3 ? new[] { 3, 4, 5 } : [level]).Select(each => new AcvGrade(each, isManager, name, false, $"{late.Message.Split('\n')[0]} {acv.Story()}"))];
        }
    }

    private static void Report(Figures figures, List<AcvGrade> grades)
    {
        if (grades.Count == 0)
            return;
        var table = new Table().Title("the ACV task list, by rules alone").AddColumns("level", "agent", "cases", "passed", "the study's", "not passed");
        foreach (var group in grades.GroupBy(grade => (grade.IsManager, grade.Level)).OrderBy(group => group.Key))
        {
            var (isManager, level) = group.Key;
            var (who, share) = (Who(isManager), group.Average(grade => grade.Passed ? 1.0 : 0));
            var study = Study.TryGetValue(group.Key, out var known) ? $"{known:0.00}" : "-";
            table.AddRow($"L{level}", who, $"{group.Count()}", $"{share:0.00}", study, Markup.Escape(string.Join(", ", group.Where(grade => !grade.Passed).Select(grade => grade.Name))));
            figures.Add($"acv_{who}_l{level}", share, "", $"share of {group.Count()} cases passed; GPT-4 Turbo in the study: {study}");
        }

        AnsiConsole.Write(table);
    }
}
