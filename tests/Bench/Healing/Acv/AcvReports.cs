using System.Globalization;
using Ops.Api;

namespace Ops.Bench.Healing.Acv;

/// <summary>Numbers that the healer reports in the status of a goal, beside those of the oracle.</summary>
internal static class AcvReports
{
    // Two windows of some seconds that do not coincide, of a load that comes at random.
    private const double Likeness = 1.6;

    /// <summary>Processor use.</summary>
    public static async Task<(bool, string)> CpuAsync(AcvWorld acv, string service, CancellationToken cancellation)
    {
        var (reported, seen) = await AskAsync(acv, AcvGoals.Cpu(100, service) with { Max = null }, service, cancellation);
        return (IsLike(Number(reported, "%"), seen.CpuPercent), $"reported {reported}, measured {seen.CpuPercent:0}%");
    }

    /// <summary>The 99th percentile.</summary>
    public static async Task<(bool, string)> P99Async(AcvWorld acv, string service, CancellationToken cancellation)
    {
        var (reported, seen) = await AskAsync(acv, AcvGoals.P99(60_000, service) with { Max = null }, service, cancellation);
        return (IsLike(Number(reported, "ms"), seen.P99Milliseconds), $"reported {reported}, measured {seen.P99Milliseconds:0} ms");
    }

    private static async Task<(string Reported, AcvReading Seen)> AskAsync(AcvWorld acv, HealingGoal goal, string service, CancellationToken cancellation)
    {
        await acv.GoalsAsync([goal], cancellation);
        await acv.World.UntilAsync($"goal {goal.Name} has a value", () => acv.Goal(goal.Name)?.Value is not null, cancellation);
        var seen = await AcvReading.OfAsync(acv, service, cancellation);
        // What is shown follows every 10 s, of the last 15 s.
        var shown = acv.Goal(goal.Name)?.Value;
        await Task.Delay(TimeSpan.FromSeconds(10), cancellation);
        return (acv.Goal(goal.Name)?.Value ?? shown ?? "", seen);
    }

    private static double Number(string text, string unit) => double.TryParse(text.Replace(unit, "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static bool IsLike(double reported, double measured) => reported >= measured / Likeness && reported <= measured * Likeness;
}
