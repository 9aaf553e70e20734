using System.Diagnostics;
using Ops.Picking;

namespace Ops.Bench.Router;

/// <summary>
/// The choice alone, one call at a time: features with the expected length, prefix index, scorers, admission, policy.
/// Prompts of 1 to 16 blocks, all with a session; every one has a replica that holds nearly all of it.
/// </summary>
internal static class ChoiceBench
{
    private const long NowMs = 1_000_000;
    private const int Seed = 4;
    private const int Conversations = 4_096;
    private const int Rounds = 5;

    /// <summary>Adds the figures of the choice.</summary>
    internal static void Run(BenchContext context)
    {
        context.Say("the choice");
        var calls = context.Quick ? 100_000 : 500_000;
        var (p50, p99, bytes) = Measure(new LadderPolicy(), variants: 8, replicas: 64, calls);
        context.Figures.Add("choice_p50_us", p50, "us", "median of one choice, 8 variants x 64 replicas, ladder");
        context.Figures.Add("choice_p99_us", p99, "us", $"p99 of one choice, 8 variants x 64 replicas, ladder; median of {Rounds} rounds");
        context.Figures.Add("choice_alloc_bytes", bytes, "B", "bytes allocated by a choice");
        var (learned50, learned99, learnedBytes) = Measure(Learned(variants: 4), variants: 4, replicas: 4, calls);
        context.Figures.Add("learned_choice_p50_us", learned50, "us", "median of one choice by a network of 29-48-48-1, 4 variants x 4 replicas");
        context.Figures.Add("learned_choice_p99_us", learned99, "us", $"p99 of the same; median of {Rounds} rounds");
        context.Figures.Add("learned_choice_alloc_bytes", learnedBytes, "B", "bytes allocated by it");
        var (_, p99Of1000, _) = Measure(new LadderPolicy(), variants: 1, replicas: 1_000, calls);
        context.Figures.Add("choice_1000_p99_us", p99Of1000, "us", "p99 of one choice, 1,000 replicas");
        context.Figures.Add("prefix_index_bytes", new PrefixIndex().Bytes, "B", "bytes of the prefix index, which never grows");
    }

    private static (double P50Us, double P99Us, double Bytes) Measure(IPolicy policy, int variants, int replicas, int calls)
    {
        var snapshot = Route(variants, replicas);
        var lengths = new OnlineLengthEstimator();
        var prompts = Prompts(snapshot, policy);
        var ticks = new long[calls / Rounds];
        // Some rounds to compile, in tiers, and some to count; a round that another process disturbs does not decide.
        var (p50, p99, bytes) = (new double[Rounds], new double[Rounds], new double[Rounds]);
        for (var round = -Rounds; round < Rounds; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Loop(snapshot, policy, lengths, prompts, ticks);
            if (round < 0)
                continue;
            bytes[round] = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)ticks.Length;
            Array.Sort(ticks);
            (p50[round], p99[round]) = (Microseconds(ticks, 0.5), Microseconds(ticks, 0.99));
        }

        return (Median(p50), Median(p99), Median(bytes));
    }

    // As large as a trained one; what its numbers are does not change what they cost, and the wide ranges have it judge every candidate.
    private static LearnedPolicy Learned(int variants)
    {
        var random = new Random(Seed);
        int[] widths = [PolicyFeatures.Count, 48, 48, 1];
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        var model = new PolicyModel(
            [.. Enumerable.Range(0, variants).Select(v => $"pool-{v}")], 0.3, 0, [.. Enumerable.Repeat(-1e6f, PolicyFeatures.Count)], [.. Enumerable.Repeat(1e6f, PolicyFeatures.Count)],
            Enumerable.Range(1, 3).Select(layer => Numbers(widths[layer - 1] * widths[layer])), Enumerable.Range(1, 3).Select(layer => Numbers(widths[layer])));
        return new LearnedPolicy(model, new PricePolicy());
    }

    private static double Microseconds(long[] ticks, double quantile) => ticks[(int)(ticks.Length * quantile)] * 1e6 / Stopwatch.Frequency;

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    // Conversations of 1 to 16 blocks, each of which was sent once and now comes back one block longer.
    private static ulong[][] Prompts(RouteSnapshot snapshot, IPolicy policy)
    {
        var random = new Random(Seed);
        var prompts = new ulong[Conversations][];
        for (var i = 0; i < prompts.Length; i++)
        {
            prompts[i] = [.. Enumerable.Range(0, random.Next(1, 17)).Select(_ => (ulong)random.NextInt64())];
            var request = new RequestFeatures { PromptBlocks = prompts[i].AsMemory(0, prompts[i].Length - 1), Session = (ulong)i + 1, NowMs = NowMs, Spread = (uint)i };
            Chooser.Sent(snapshot, request, Chooser.Choose(snapshot, policy, request, default));
        }

        return prompts;
    }

    private static void Loop(RouteSnapshot snapshot, IPolicy policy, OnlineLengthEstimator lengths, ulong[][] prompts, long[] ticks)
    {
        for (var i = 0; i < ticks.Length; i++)
        {
            var conversation = i % prompts.Length;
            var started = Stopwatch.GetTimestamp();
            var tokens = (prompts[conversation].Length * PromptHasher.BlockTokens) + (i & 255);
            var session = (ulong)conversation + 1;
            var request = new RequestFeatures
            {
                Task = snapshot.TaskIndex("default"),
                PromptTokens = tokens,
                PromptBlocks = prompts[conversation],
                Session = session,
                MaxTokens = 200,
                ExpectedOutputTokens = lengths.Predict(new LengthFeatures { Route = 1, Tenant = 2, Session = session, PromptTokens = tokens, MaxTokens = 200, Streaming = true }),
                Streaming = true,
                NowMs = NowMs,
                Spread = (uint)i,
            };
            var choice = Chooser.Choose(snapshot, policy, request, default);
            ticks[i] = Stopwatch.GetTimestamp() - started;
            // A network of random numbers may also turn a request away.
            if (choice.Kind is not (ChoiceKind.Chosen or ChoiceKind.Declined))
                throw new InvalidOperationException($"The choice was {choice.Kind}");
        }
    }

    private static RouteSnapshot Route(int variants, int replicas)
    {
        var random = new Random(Seed);
        var prefixes = new PrefixIndex();
        return RouteSnapshot.Create("bench/chat", Objective.Default, [RouteSnapshot.DefaultTask], [.. Enumerable.Range(0, variants).Select(v => new VariantState
        {
            Pool = $"pool-{v}",
            Quality = [0.5 + (v * 0.05)],
            Replicas = [.. Enumerable.Range(0, replicas).Select(r => Replica(r, random) with { Cache = prefixes.NewCache() })],
        })], new PickRules { Prefixes = prefixes });
    }

    private static ReplicaState Replica(int index, Random random) => new()
    {
        Name = $"pod-{index}",
        Address = $"http://127.1.{index / 250}.{index % 250}:8000",
        Load = new ReplicaLoad(),
        ObservedAtMs = NowMs - random.Next(1_000),
        Running = random.Next(64),
        KvCacheUsage = random.NextDouble() * 0.8,
        FinishRate = 4,
        SecondsPerPromptToken = 1e-4,
        SecondsPerOutputToken = 0.02,
        MeanOutputTokens = 200,
    };
}
