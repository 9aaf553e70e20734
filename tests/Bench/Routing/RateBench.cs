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
        (string Key, Arm Arm)[] arms =
        [
            ("static", new("2 x 70B, static, nothing shed", BenchFleets.TwoLargest, new StaticPolicy("70b")) { Admission = false }),
            ("ladder", new("four sizes apart, price", BenchFleets.Ladder, new PricePolicy())),
            ("four_small", new("4 x 8B + 70B, price", BenchFleets.FourSmall, new PricePolicy())),
            ("co_resident_price", new("co-resident 8B and 70B, price", BenchFleets.CoResident, new PricePolicy())),
            ("co_resident", new("co-resident 8B and 70B, ladder", BenchFleets.CoResident, new LadderPolicy())),
            ("co_resident_fast_price", new("co-resident 20B-A3.6B and 70B, price", BenchFleets.CoResidentFast, new PricePolicy())),
            ("co_resident_fast", new("co-resident 20B-A3.6B and 70B, ladder", BenchFleets.CoResidentFast, new LadderPolicy())),
            ("co_resident_fast_one", new("co-resident 20B-A3.6B on 8 and 70B on 4 GPUs, ladder", BenchFleets.CoResidentFastOne, new LadderPolicy())),
            ("co_resident_fast_one_price", new("co-resident 20B-A3.6B on 8 and 70B on 4 GPUs, price", BenchFleets.CoResidentFastOne, new PricePolicy())),
            ("co_resident_fast_small_only", new("co-resident 20B-A3.6B and 70B, always the small one", BenchFleets.CoResidentFast, new StaticPolicy("20b"))),
            ("all_small", new("8 x 8B: bound of 8B and 70B", BenchFleets.AllSmall, new StaticPolicy("8b"))),
            ("all_fast", new("8 x 20B-A3.6B: bound of 20B-A3.6B and 70B", BenchFleets.AllFast, new StaticPolicy("20b"))),
        ];
        Case("code", "Azure code gaps", 0.99, (rate, seed) => inputs.Code(rate, seconds, seed), RoutingInputs.Completion);
        Case("bursty", "bursts", 0.90, (rate, seed) => inputs.Bursty(rate, seconds, seed), RoutingInputs.Chat);

        void Case(string key, string name, double level, Func<double, int, Workload> workload, Objective objective)
        {
            var rates = arms.ToDictionary(arm => arm.Key, arm => Sustained(arm.Arm, workload, objective, level, seeds));
            foreach (var (armKey, arm) in arms)
            {
                context.Say($"{name}: {arm.Name}: {rates[armKey]:0.00}/s at availability {level}");
                context.Figures.Add($"rate_{key}_{armKey}", rates[armKey], "1/s", $"{name}, availability {level}: {arm.Name}");
            }

            var (suffix, bound) = key == "code" ? ("vs_static_largest", "code") : ("bursty_90", "bursty");
            Ratio($"rate_ratio_{suffix}", "co_resident_fast_one", "co-resident 20B-A3.6B on 8 and 70B on 4 GPUs under the ladder over 2 x 70B without shedding");
            Ratio($"rate_ratio_{bound}_two_large", "co_resident_fast", "the same with a second 70B on the other four GPUs");
            Ratio($"rate_ratio_{bound}_bound", "all_fast", "8 x 20B-A3.6B over 2 x 70B without shedding: what no choice between these two sizes can exceed");
            Ratio($"rate_ratio_{bound}_dense", "co_resident", "co-resident 8B and 70B under the ladder over 2 x 70B without shedding");
            Ratio($"rate_ratio_{bound}_dense_bound", "all_small", "8 x 8B over 2 x 70B without shedding: what no choice between these two sizes can exceed");
            Plot([.. arms.Select(arm => arm.Arm)], rates.Values.Max(), workload, objective, Path.Combine(plots, $"availability-{key}.svg"), name);

            void Ratio(string figure, string ours, string meaning) =>
                context.Figures.Add(figure, rates[ours] / rates["static"], "x", $"{name}, availability {level}: {meaning}");
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
