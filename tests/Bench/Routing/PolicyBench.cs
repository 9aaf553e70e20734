using Ops.Learning;
using Ops.Picking;
using Spectre.Console;

namespace Ops.Bench.Routing;

/// <summary>Every policy on the same arrivals and the same fleet, behind the same admission.</summary>
internal static class PolicyBench
{
    internal static void Run(BenchContext context, RoutingInputs inputs)
    {
        var seconds = context.Quick ? 200 : 600;
        var seeds = context.Quick ? 3 : 10;
        IPolicy[] policies = [new StaticPolicy("70b"), new RoundRobinPolicy(), new LadderPolicy(), new GreedyPolicy()];
        foreach (var (fleetName, fleet) in new[] { ("ladder", BenchFleets.Ladder), ("four_small", BenchFleets.FourSmall), ("co_resident", BenchFleets.CoResident) })
        {
            Arm[] arms = [.. policies.Select(p => new Arm(p.Name, fleet, new Admitting(p))), new("price", fleet, new PricePolicy())];
            var table = new Table().Title($"{fleetName}: performance / availability / rejected, {seeds} seeds, 95 %").AddColumn("workload").AddColumns([.. arms.Select(a => a.Name)]);
            foreach (var (name, objective, workload) in Cases(inputs, seconds))
            {
                var scores = arms.Select(arm => Enumerable.Range(0, seeds).Select(seed => arm.Run(workload(seed), objective)).ToList()).ToList();
                table.AddRow([name, .. scores.Select(s => $"{Interval.Of([.. s.Select(x => x.Performance)])} / {s.Average(x => x.Availability):0.000} / {s.Average(x => x.Rejected):0.000}")]);
                var price = scores[^1].Average(s => s.Performance);
                var best = scores.SkipLast(1).Max(s => s.Average(x => x.Performance));
                context.Figures.Add($"price_gain_{fleetName}_{name}", 100 * (price - best), "points", $"{fleetName}, {name}: price over the best other rule, which is another one each time");
            }

            AnsiConsole.Write(table);
        }
    }

    internal static IEnumerable<(string Name, Objective Objective, Func<int, Workload> Workload)> Cases(RoutingInputs inputs, double seconds) =>
    [
        ("steady_16", RoutingInputs.Chat, seed => inputs.Steady(16, seconds, seed)),
        ("conv_20", RoutingInputs.Chat, seed => inputs.Conversation(20, seconds, seed)),
        ("bursty_16", RoutingInputs.Chat, seed => inputs.Bursty(16, seconds, seed)),
        ("code_6", RoutingInputs.Completion, seed => inputs.Code(6, seconds, seed)),
        ("shift_16", RoutingInputs.Chat, seed => inputs.Shift(16, seconds, seed)),
        ("day_16", RoutingInputs.Chat, seed => inputs.Day(16, seconds, seed)),
        ("crowd_16", RoutingInputs.Chat, seed => inputs.Crowd(16, seconds, seed)),
    ];
}
