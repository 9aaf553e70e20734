using System.Collections.Immutable;
using System.Globalization;
using Ops.Learning;
using Ops.Load;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>One figure of a replay.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Meaning">What it is, for people.</param>
/// <param name="Live">As the live run had it; not a number when it was not measured.</param>
/// <param name="Simulated">As the simulations had it, in ascending order.</param>
internal sealed record LiveFigure(string Key, string Meaning, double Live, ImmutableArray<double> Simulated)
{
    internal double Median => Simulated[Simulated.Length / 2];

    internal double Ratio => Live / Median;

    /// <summary>ttft_p95 0.274/0.256 (0.237-0.271): live, the median of the simulations and their range.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Key} {Live:G3}/{Median:G3} ({Simulated[0]:G3}-{Simulated[^1]:G3})");
}

/// <summary>A live replay beside its simulations.</summary>
internal sealed class LiveComparison
{
    private readonly LiveSetting _setting;
    private readonly LoadReport _live;

    internal LiveComparison(LiveSetting setting, string policy, LoadReport live, ImmutableArray<RunResult> simulated)
    {
        (_setting, Policy, _live) = (setting, policy, live);
        var fleet = setting.Simulated();
        var pools = setting.Models.Select(model => model.Pool).ToList();
        var seen = simulated[0] with
        {
            Outcomes = [.. live.Requests.Select(request => new Outcome(
                request.Answered ? OutcomeKind.Answered : request.Rejected ? OutcomeKind.Rejected : OutcomeKind.Failed, pools.IndexOf(request.Variant ?? ""), request.FirstToken, request.EndToEnd))],
        };
        Times =
        [
            Figure("ttft_p50", "median time to the first token", run => Quantile(run, (outcome, _) => outcome.FirstToken, 0.5)),
            Figure("ttft_p95", "p95 of the time to the first token", run => Quantile(run, (outcome, _) => outcome.FirstToken, 0.95)),
            Figure("tpot_p50", "median time by output token", run => Quantile(run, PerToken, 0.5)),
            Figure("tpot_p95", "p95 of the time by output token", run => Quantile(run, PerToken, 0.95)),
        ];
        Performance = Figure("performance", "quality delivered over peak", run => Score.Of(run, fleet, Objective.Default).Performance);
        Joules = Figure("joules", "joules of the fleet", run => run.Joules) with { Live = live.Joules ?? double.NaN };

        LiveFigure Figure(string key, string meaning, Func<RunResult, double> value) => new(key, meaning, value(seen), [.. simulated.Select(value).Order()]);
    }

    internal string Policy { get; }

    /// <summary>Times to the first token and by output token, p50 and p95.</summary>
    internal ImmutableArray<LiveFigure> Times { get; }

    internal LiveFigure Joules { get; }

    internal LiveFigure Performance { get; }

    /// <summary>Everything in a line.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_setting.Key}, {Policy}, live/simulated: {string.Join(", ", Times.Prepend(Performance).Append(Joules))}, {_live.Failed} failed, generator late by {_live.GeneratorLag.P99 * 1000:0} ms at p99");

    private static double PerToken(Outcome outcome, Arrival arrival) => (outcome.Completion - outcome.FirstToken) / (arrival.OutputTokens - 1);

    private static double Quantile(RunResult run, Func<Outcome, Arrival, double> value, double q)
    {
        var sorted = run.Outcomes.Zip(run.Workload.Arrivals).Where(one => one.First.Kind == OutcomeKind.Answered && one.Second.OutputTokens > 1)
            .Select(one => value(one.First, one.Second)).Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[(int)(q * (sorted.Count - 1))];
    }
}
