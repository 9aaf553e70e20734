using CsCheck;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.Tests;

public class BatchTests
{
    private static readonly ServingProfile Llama = ServingProfiles.Get("meta-llama/Llama-3.1-8B-Instruct", GpuProduct.H100.Name, 1);
    private static readonly PowerSetting Full = GpuProduct.H100.Default;

    [Fact]
    public void Every_running_sequence_gets_one_token_a_step_and_prompts_share_the_rest_of_the_budget()
    {
        var batch = new Batch(Llama, new BatchLimits(8, 100, 10_000, 10));
        var first = New(40, 3);
        var second = New(150, 2);
        batch.TryEnqueue(first);
        batch.TryEnqueue(second);

        Step(batch).ShouldBe((2, 0, 100)); // 40 of the first, 60 of the second.
        first.Generated.ShouldBe(1);
        second.Prefilled.ShouldBe(60);
        Step(batch).ShouldBe((2, 1, 90)); // One token for the first, the second's last 90.
        second.Generated.ShouldBe(1);
        Step(batch).ShouldBe((2, 2, 0));
        first.Left.ShouldBeTrue();
        second.Left.ShouldBeTrue();
        batch.Held.ShouldBe(0);
    }

    [Fact]
    public void A_step_costs_what_the_profile_says()
    {
        var batch = new Batch(Llama, new BatchLimits(64, 8192, 100_000, 100));
        for (var i = 0; i < 32; i++)
            batch.TryEnqueue(New(10, 100));
        batch.Plan(0, Full).Cost.ShouldBe(Llama.Step(32, 320, Full));
        batch.Complete(1, []);
        batch.Plan(1, Full).Cost.ShouldBe(Llama.DecodeStep(32, Full));
    }

    [Fact]
    public void Arrivals_wait_in_order_when_slots_or_cache_are_full()
    {
        var slots = new Batch(Llama, new BatchLimits(1, 1000, 10_000, 10));
        var cache = new Batch(Llama, new BatchLimits(10, 1000, 100, 10));
        foreach (var batch in new[] { slots, cache })
        {
            var first = New(50, 10);
            var second = New(50, 10);
            batch.TryEnqueue(first);
            batch.TryEnqueue(second);
            batch.Plan(0, Full);
            (batch.Running, batch.Waiting).ShouldBe((1, 1));
            batch.Remove(first);
            batch.Plan(0, Full);
            (batch.Running, batch.Waiting).ShouldBe((1, 0));
            second.Waiting.ShouldBeNull();
        }
    }

    [Fact]
    public void Above_the_bound_of_the_queue_nothing_is_taken()
    {
        var batch = new Batch(Llama, new BatchLimits(1, 1000, 10_000, 2));
        batch.TryEnqueue(New(1, 1)).ShouldBeTrue();
        batch.TryEnqueue(New(1, 1)).ShouldBeTrue();
        batch.TryEnqueue(New(1, 1)).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_comes_and_goes_every_sequence_ends_in_full_or_removed_and_nothing_stays_behind() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[1, 20], Gen.Int[0, 30]).List[1, 60].Sample(items =>
        {
            var batch = new Batch(Llama, new BatchLimits(7, 64, 600, 100));
            var sequences = items.Select(item => New(item.Item1, item.Item2)).ToList();
            foreach (var sequence in sequences)
                batch.TryEnqueue(sequence).ShouldBeTrue();
            var step = 0;
            while (batch.Running + batch.Waiting > 0)
            {
                for (var i = 0; i < sequences.Count; i++)
                {
                    if (items[i].Item3 == step && step % 3 == 0)
                        batch.Remove(sequences[i]);
                }
                var plan = batch.Plan(step, Full);
                (plan.Decoding + plan.PromptTokens).ShouldBeLessThanOrEqualTo(64);
                batch.Running.ShouldBeLessThanOrEqualTo(7);
                batch.Held.ShouldBeLessThanOrEqualTo(600);
                batch.Complete(step + 1, []);
                (++step).ShouldBeLessThan(20_000);
            }
            batch.Held.ShouldBe(0);
            sequences.ShouldAllBe(s => s.Left);
            for (var i = 0; i < sequences.Count; i++)
            {
                if (items[i].Item3 % 3 != 0)
                    sequences[i].Generated.ShouldBe(items[i].Item2);
            }
        }, iter: 300);

    private static Sequence New(int prompt, int answer) => new(prompt, answer, FinishReason.Length, 0);

    private static (int Sequences, int Decoding, int PromptTokens) Step(Batch batch)
    {
        var plan = batch.Plan(0, Full);
        batch.Complete(1, []);
        return (plan.Sequences, plan.Decoding, plan.PromptTokens);
    }
}
