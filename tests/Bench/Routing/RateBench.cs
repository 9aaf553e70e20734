using Ops.Learning;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>The rate that each way of serving sustains at an availability, by bisection, and the whole curve as a plot.</summary>
internal static class RateBench
{
    internal static void Run(BenchContext context, RoutingInputs inputs, string plots)
    {
        var seconds = context.Quick ? 200 : 600;
        var seeds = context.Quick ? 2 : 10;
        Arm[] arms =
        [
            new("2 x 70B, static, nothing shed", BenchFleets.TwoLargest, new StaticPolicy("70b")) { Admission = false },
            new("ladder fleet, price", BenchFleets.Ladder, new PricePolicy()),
            new("4 x 8B + 70B, price", BenchFleets.FourSmall, new PricePolicy()),
            new("co-resident 8B and 70B, price", BenchFleets.CoResident, new PricePolicy()),
            new("co-resident 8B and 70B, ladder", BenchFleets.CoResident, new LadderPolicy()),
            new("8 x 8B, static: the bound", BenchFleets.AllSmall, new StaticPolicy("8b")),
        ];
        string[] keys = ["static", "ladder", "four_small", "co_resident", "co_resident_ladder", "all_small"];
        Case("code", "Azure code gaps", 0.99, (rate, seed) => inputs.Code(rate, seconds, seed), RoutingInputs.Completion);
        Case("bursty", "bursts", 0.90, (rate, seed) => inputs.Bursty(rate, seconds, seed), RoutingInputs.Chat);

        void Case(string key, string name, double level, Func<double, int, Workload> workload, Objective objective)
        {
            var rates = arms.Select(arm => Sustained(arm, workload, objective, level, seeds)).ToArray();
            for (var i = 0; i < arms.Length; i++)
            {
                context.Say($"{name}: {arms[i].Name}: {rates[i]:0.00}/s at availability {level}");
                context.Figures.Add($"rate_{key}_{keys[i]}", rates[i], "1/s", $"{name}, availability {level}: {arms[i].Name}");
            }

            var ratio = rates[3] / rates[0];
            if (key == "code")
                context.Figures.Add("rate_ratio_vs_static_largest", ratio, "x", $"{name}, availability {level}: co-resident sizes under price over 2 x 70B without shedding");
            else
                context.Figures.Add("rate_ratio_bursty_90", ratio, "x", $"{name}, availability {level}: the same");
            context.Figures.Add($"rate_ratio_{key}_bound", rates[^1] / rates[0], "x", $"{name}: 8 x 8B over 2 x 70B, what no choice on 8 GPUs can exceed");
            Plot(arms, rates.Max(), workload, objective, Path.Combine(plots, $"availability-{key}.svg"), name);
        }
    }

    private static double Sustained(Arm arm, Func<double, int, Workload> workload, Objective objective, double level, int seeds)
    {
        var (low, high) = (0.0, 0.25);
        while (high < 500 && Available(high) >= level)
            (low, high) = (high, high * 2);
        // 6 halvings: within 1.6 % of the bracket.
        for (var i = 0; i < 6; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Available(middle) >= level ? (middle, high) : (low, middle);
        }

        return low;

        double Available(double rate) => Enumerable.Range(0, seeds).Average(seed => arm.Run(workload(rate, seed), objective).Availability);
    }

    private static void Plot(Arm[] arms, double most, Func<double, int, Workload> workload, Objective objective, string path, string name)
    {
        var chart = new LineChart($"Availability on {name} (simulated)", "requests a second", "share answered before the hard deadline");
        foreach (var arm in arms)
            chart.Add(arm.Name, Enumerable.Range(1, 16).Select(i => (most * 1.2 * i / 16, arm.Run(workload(most * 1.2 * i / 16, 0), objective).Availability)));
        chart.Write(path);
    }
}
