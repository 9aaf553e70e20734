using System.Collections.Immutable;
using CsCheck;
using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

/// <summary>The learned policy over the price rule, and the file that brings it.</summary>
public sealed class LearnedTests
{
    private static readonly PricePolicy Rule = new();

    [Fact]
    public void A_promise_above_the_margin_overrules_the_rule_and_one_below_does_not()
    {
        var route = Route(Variant("small", 0.5, Replica("a")), Variant("large", 0.9, Replica("b")));

        route.Choose(Rule).Variant.ShouldBe(1);
        route.Choose(new LearnedPolicy(Model(promise: 0.5f, margin: 0.4), Rule)).Variant.ShouldBe(0);
        route.Choose(new LearnedPolicy(Model(promise: 0.5f, margin: 0.6), Rule)).Variant.ShouldBe(1);
        route.Choose(new LearnedPolicy(Model(promise: 0.5f, margin: double.PositiveInfinity), Rule)).Variant.ShouldBe(1);
    }

    [Fact]
    public void Outside_the_range_of_its_training_the_rule_decides()
    {
        var route = Route(Variant("small", 0.5, Replica("a")), Variant("large", 0.9, Replica("b")));

        route.Choose(new LearnedPolicy(Model(promise: 0.5f, margin: 0.4, highest: 0.05f), Rule)).Variant.ShouldBe(1);
    }

    [Fact]
    public void Without_fresh_metrics_the_rule_decides()
    {
        var route = Route(Variant("small", 0.5, Replica("a", observedAt: Now - 6_000)), Variant("large", 0.9, Replica("b", observedAt: null)));

        route.Choose(new LearnedPolicy(Model(promise: 0.5f, margin: 0.4), Rule)).Variant.ShouldBe(1);
    }

    [Fact]
    public void A_learned_choice_is_open_whatever_the_network_says() =>
        Gen.Select(AnyRoute, AnyRequest, Gen.Float[-1, 1]).Sample((route, request, promise) =>
        {
            var choice = Chooser.Choose(route, new LearnedPolicy(Model(promise, 0), Rule), request, default);
            return choice.Kind != ChoiceKind.Chosen
                || ChooserTests.Outlook(route, choice.Variant, request) is { Replica: >= 0 } o && o.StartDelay <= route.Objective.HardDeadline - request.ElapsedSeconds;
        });

    [Fact]
    public void A_learned_choice_allocates_nothing()
    {
        var route = Route([.. Enumerable.Range(0, 8).Select(v => Variant($"p{v}", v / 8.0, Replica($"r{v}", running: v)))]);
        IPolicy policy = new LearnedPolicy(Model(0.1f, 0.05), Rule);
        Allocations.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
                Chooser.Choose(route, policy, Chat with { Spread = (uint)i }, default);
        }).ShouldBe(0);
    }

    [Fact]
    public void A_network_is_computed_as_written()
    {
        // One hidden unit that doubles the first feature, and an answer of three times that plus one.
        var weights = new float[PolicyFeatures.Count];
        weights[0] = 2;
        var model = Model([weights, [3]], [[0], [1]]);
        var row = new float[PolicyFeatures.Count];
        row[0] = 0.5f;
        model.Advantage(row).ShouldBe(4);
        row[0] = -0.5f;
        model.Advantage(row).ShouldBe(1);
    }

    [Fact]
    public void A_file_brings_the_model_as_it_was()
    {
        var model = Model(0.5f, 0.1);
        var read = PolicyFile.Read(PolicyFile.Write(model), ["a", "b"]);

        (read.Margin, read.EnergyWeight).ShouldBe((0.1, 2e-4));
        read.Lowest.ShouldBe(model.Lowest);
        read.Weights[0].ShouldBe(model.Weights[0]);
        read.Biases[^1].ShouldBe(model.Biases[^1]);
    }

    [Fact]
    public void A_file_for_other_variants_or_of_another_version_is_refused_by_name()
    {
        var bytes = PolicyFile.Write(Model(0.5f, 0.1));

        Refusal(bytes, "b", "a").ShouldBe("the policy was trained for variants a, b, the route has b, a; train it again");
        bytes[9] = 7;
        Refusal(bytes, "a", "b").ShouldBe("the policy file has version 7, this router reads version 2; train it again");
        Refusal([1, 2, 3], "a", "b").ShouldBe("this is no policy file");
        Refusal(new byte[PolicyFile.MaxBytes + 1], "a", "b").ShouldContain("more than");
    }

    [Fact]
    public void A_file_that_was_changed_anywhere_or_cut_short_is_refused()
    {
        var good = PolicyFile.Write(Model(0.5f, 0.1));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte[1, 255], Gen.Bool).Sample((at, change, cut) =>
        {
            var bytes = cut ? good[..at] : (byte[])good.Clone();
            if (!cut)
                bytes[at] ^= change;
            Refusal(bytes, "a", "b").ShouldNotBeEmpty();
        });
    }

    private static string Refusal(byte[] bytes, params string[] pools) =>
        Should.Throw<InvalidDataException>(() => PolicyFile.Read(bytes, [.. pools])).Message;

    // Promises the same for every candidate.
    internal static PolicyModel Model(float promise, double margin, float highest = 4) =>
        Model([new float[PolicyFeatures.Count]], [[promise]], margin, highest);

    private static PolicyModel Model(float[][] weights, float[][] biases, double margin = 0, float highest = 4) => new(
        ["a", "b"], margin, 2e-4, [.. Enumerable.Repeat(-4f, PolicyFeatures.Count)], [.. Enumerable.Repeat(highest, PolicyFeatures.Count)], weights, biases);
}
