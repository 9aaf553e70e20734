using CsCheck;
using Ops.Picking.Replay;

namespace Ops.Picking.Tests;

public sealed class LengthEstimatorTests
{
    private static readonly LengthFeatures Any = new() { Route = 7, PromptTokens = 500, Streaming = true };

    [Fact]
    public void Before_the_first_answer_the_published_mean_is_expected() =>
        new OnlineLengthEstimator().Predict(Any).ShouldBe(LatencyEstimate.OutputTokensPrior, 1e-6);

    [Fact]
    public void Tenants_templates_and_sessions_with_habits_are_told_apart()
    {
        var random = new Random(1);
        var estimator = new OnlineLengthEstimator();
        LengthFeatures Of(int who) => Any with { Tenant = KeyHash.Mix((ulong)(who % 2) + 1), Template = KeyHash.Mix((ulong)(who % 3) + 10), Session = KeyHash.Mix((ulong)who + 100) };
        int Length(int who) => (int)(20 * Math.Pow(3, who % 2) * Math.Pow(2, who % 3) * (0.7 + (0.6 * random.NextDouble())));
        for (var i = 0; i < 3_000; i++)
            estimator.Observe(Of(i % 12), Length(i % 12));

        var (predicted, actual) = (Enumerable.Range(0, 12).Select(w => estimator.Predict(Of(w))).ToArray(), Enumerable.Range(0, 12).Select(w => 20.0 * Math.Pow(3, w % 2) * Math.Pow(2, w % 3)).ToArray());
        LengthReplay.Spearman(predicted, actual).ShouldBeGreaterThan(0.95);
        predicted.Zip(actual, (p, a) => p / a).ShouldAllBe(ratio => ratio > 0.7 && ratio < 1.4);
    }

    [Fact]
    public void A_change_of_habit_is_followed()
    {
        var estimator = new OnlineLengthEstimator();
        for (var i = 0; i < 1_000; i++)
            estimator.Observe(Any, 50);
        estimator.Predict(Any).ShouldBe(50, 5);
        for (var i = 0; i < 2_000; i++)
            estimator.Observe(Any, 800);
        estimator.Predict(Any).ShouldBe(800, 200);
    }

    [Fact]
    public void A_prediction_is_a_number_within_the_limit_whatever_was_seen()
    {
        var request = Gen.Select(Gen.ULong[0, 3], Gen.ULong[0, 3], Gen.Int, Gen.OneOf(Gen.Const((int?)null), Gen.Int[1, 100_000].Select(m => (int?)m)), Gen.Bool)
            .Select((route, session, prompt, limit, streams) => new LengthFeatures { Route = route, Session = session, Tenant = session, PromptTokens = prompt, MaxTokens = limit, Streaming = streams });
        Gen.Select(Gen.Select(request, Gen.Int).Array[0, 200], request).Sample((seen, asked) =>
        {
            var estimator = new OnlineLengthEstimator();
            foreach (var (features, length) in seen)
                estimator.Observe(features, length);
            var expected = estimator.Predict(asked);
            return expected >= 1 && expected <= (asked.MaxTokens ?? 1_000_000);
        });
    }

    [Fact]
    public void A_prediction_allocates_nothing()
    {
        var estimator = new OnlineLengthEstimator();
        var request = Any with { Tenant = 3, Session = 4, Template = 5 };
        estimator.Observe(request, 100);
        estimator.Predict(request);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            estimator.Predict(request);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void Spearman_is_the_textbooks()
    {
        LengthReplay.Spearman([1, 2, 3, 4], [10, 20, 30, 40]).ShouldBe(1, 1e-12);
        LengthReplay.Spearman([1, 2, 3, 4], [4, 3, 2, 1]).ShouldBe(-1, 1e-12);
        // Ranks 1.5 1.5 3 4 against 1 2 3 4.
        LengthReplay.Spearman([5, 5, 6, 7], [1, 2, 3, 4]).ShouldBe(0.9486832980505138, 1e-12);
    }
}
