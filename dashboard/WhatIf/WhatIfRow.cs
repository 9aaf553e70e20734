using System.Globalization;
using Ops.Dashboard.Health;
using Ops.WhatIf;

namespace Ops.Dashboard.WhatIf;

/// <summary>One figure of an answer, now against then. Pure.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Hint">How it is counted.</param>
/// <param name="Now">As it is, written.</param>
/// <param name="Then">As it would be, written.</param>
/// <param name="Change">The difference, written.</param>
/// <param name="IsWorse">Clients or the bill would notice.</param>
internal sealed record WhatIfRow(string Name, string Hint, string Now, string Then, string Change, bool IsWorse)
{
    // Less than this part of a figure is the noise of a simulated run.
    private const double Noise = 0.01;

    /// <summary>The table.</summary>
    public static IReadOnlyList<WhatIfRow> All(Answer answer)
    {
        var (now, then) = (answer.Now, answer.Then);
        return
        [
            Row("performance", "Quality delivered, late answers discounted, over the most that the best variant alone could deliver", now.Performance, then.Performance, Format.Percent, higherIsBetter: true),
            Row("goodput", "Answers a second that met the route's objective", now.Goodput, then.Goodput, value => Format.With(value, "/s"), higherIsBetter: true),
            Row("availability", "Requests answered before the hard deadline", now.Availability, then.Availability, Format.Percent, higherIsBetter: true),
            Row("quality", "Mean declared quality of the answers", now.Quality, then.Quality, Format.Number, higherIsBetter: true),
            Row("rejected", "Requests that the router turned away", now.Rejected, then.Rejected, Format.Percent, higherIsBetter: false),
            Row("energy by good answer", "GPU joules, idle power included, by answer that met the objective", now.JoulesPerGood, then.JoulesPerGood, value => Format.With(value, "J"), higherIsBetter: false),
            Row("power", "Mean power of all GPUs", now.Watts, then.Watts, Format.Watts, higherIsBetter: false),
            new("load", "Requests a second", Format.With(now.RequestsPerSecond, "/s"), Format.With(then.RequestsPerSecond, "/s"), Percent(now.RequestsPerSecond, then.RequestsPerSecond), false),
            new("GPUs", "Of all replicas", $"{now.Gpus}", $"{then.Gpus}", now.Gpus == then.Gpus ? "" : Format.Signed(then.Gpus - now.Gpus), false),
            new("policy", "That chooses", now.Policy, then.Policy, now.Policy == then.Policy ? "" : "other", false),
        ];
    }

    private static WhatIfRow Row(string name, string hint, double? now, double? then, Func<double?, string> show, bool higherIsBetter) =>
        new(name, hint, show(now), show(then), Percent(now, then), Worsens(now, then, higherIsBetter));

    private static bool Worsens(double? now, double? then, bool higherIsBetter) => (now, then) switch
    {
        ({ } one, { } other) => (higherIsBetter ? one - other : other - one) > Noise * Math.Max(one, 0.01),
        (not null, null) => true,
        _ => false,
    };

    private static string Percent(double? now, double? then) => now is > 0 && then is { } value && Math.Abs(value - now.Value) > Noise * now.Value
        ? string.Create(CultureInfo.InvariantCulture, $"{(value - now.Value) / now.Value * 100:+0;−0} %")
        : "";
}
