using System.Collections.Immutable;
using Ops.Traces;

namespace Ops.Load;

/// <summary>Turns results into a report.</summary>
internal static class Tally
{
    private const int MaxProblems = 16;

    public static LoadReport Report(LoadOptions options, IReadOnlyList<RequestResult> results, TimeSpan elapsed, bool cancelled, double? joules)
    {
        var answers = results.Where(r => r.Outcome == Outcome.Answered).ToList();
        var good = answers.Count(r => IsGood(r, options.Objective));
        int Count(Outcome outcome) => results.Count(r => r.Outcome == outcome);
        return new LoadReport
        {
            Trace = options.Trace.Name,
            Elapsed = elapsed,
            Cancelled = cancelled,
            Sent = results.Count - Count(Outcome.Dropped),
            Answered = answers.Count,
            Rejected = Count(Outcome.Rejected),
            Failed = Count(Outcome.Failed),
            Abandoned = Count(Outcome.Abandoned),
            Dropped = Count(Outcome.Dropped),
            PromptTokens = answers.Sum(r => (long)r.PromptTokens),
            CompletionTokens = answers.Sum(r => (long)r.CompletionTokens),
            TimeToFirstToken = Percentiles(answers.Select(r => r.FirstToken)),
            TimePerOutputToken = Percentiles(answers.Where(r => r.PerToken is not null).Select(r => r.PerToken!.Value)),
            EndToEnd = Percentiles(answers.Select(r => r.EndToEnd)),
            GeneratorLag = Percentiles(results.Where(r => r.Outcome != Outcome.Dropped).Select(r => r.Lag)),
            Objective = options.Objective,
            Good = good,
            GoodputPerSecond = elapsed > TimeSpan.Zero ? good / elapsed.TotalSeconds : 0,
            Variants = Variants(answers),
            Joules = joules,
            JoulesPerRequest = joules is { } j && answers.Count > 0 ? j / answers.Count : null,
            Problems = Problems(results),
            Requests = [.. results.Select(r => new ReplayedRequest(r.Outcome == Outcome.Answered, r.Outcome == Outcome.Rejected, r.Variant, r.FirstToken, r.EndToEnd))],
        };
    }

    internal static bool IsGood(RequestResult answer, LoadObjective objective) =>
        answer.FirstToken <= objective.TimeToFirstToken.TotalSeconds &&
        (answer.PerToken ?? 0) <= objective.TimePerOutputToken.TotalSeconds;

    internal static Percentiles Percentiles(IEnumerable<double> samples)
    {
        var sorted = samples.ToArray();
        if (sorted.Length == 0)
            return default;
        Array.Sort(sorted);
        return new Percentiles(sorted.Length, sorted.Average(), Rank(0.50), Rank(0.95), Rank(0.99), sorted[^1]);

        // Nearest rank: the smallest sample that at least this share of all samples do not exceed.
        double Rank(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    private static ImmutableArray<VariantShare> Variants(List<RequestResult> answers) =>
    [
        .. answers.GroupBy(r => r.Variant ?? "(none)", StringComparer.Ordinal)
            .Select(group => new VariantShare(
                group.Key, group.Count(), (double)group.Count() / answers.Count,
                Percentiles(group.Select(r => r.FirstToken)),
                Percentiles(group.Where(r => r.PerToken is not null).Select(r => r.PerToken!.Value))))
            .OrderByDescending(v => v.Answered).ThenBy(v => v.Variant, StringComparer.Ordinal),
    ];

    private static ImmutableArray<LoadProblem> Problems(IReadOnlyList<RequestResult> results) =>
    [
        .. results.Where(r => r.Problem is not null)
            .GroupBy(r => r.Problem!, StringComparer.Ordinal)
            .Select(group => new LoadProblem(group.Key, group.Count()))
            .OrderByDescending(p => p.Count).ThenBy(p => p.Message, StringComparer.Ordinal)
            .Take(MaxProblems),
    ];
}
