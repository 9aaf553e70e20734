using static Ops.Picking.Tests.Fixtures;

namespace Ops.Picking.Tests;

public sealed class RemotePrefillTests
{
    private static readonly Choice Answering = new(ChoiceKind.Chosen, 0, 0, 0, 0, 0);

    [Theory]
    [InlineData(512, 0, true)]
    [InlineData(511, 0, false)]
    [InlineData(2_000, 1_536, false)]
    [InlineData(2_048, 1_536, true)]
    public void What_counts_is_the_part_of_the_prompt_that_the_answering_replica_does_not_hold(int prompt, int cached, bool remote)
    {
        var pools = Route(Variant("prefill", 1, Replica("p")));
        var choice = RemotePrefill.Choose(pools, Chat with { PromptTokens = prompt }, Answering with { CachedTokens = cached }, threshold: 512);
        (choice.Kind == ChoiceKind.Chosen).ShouldBe(remote);
    }

    [Fact]
    public void The_replica_is_picked_by_load()
    {
        var pools = Route(Variant("prefill", 1, Replica("busy", running: 20), Replica("idle")));
        RemotePrefill.Choose(pools, Chat with { PromptTokens = 5_000 }, Answering, threshold: 512).Replica.ShouldBe(1);
    }

    [Fact]
    public void A_long_beginning_is_read_again_where_it_was_read()
    {
        var index = new PrefixIndex(1_024);
        var replicas = Enumerable.Range(0, 8).Select(i => Replica($"p{i}") with { Cache = index.NewCache() }).ToArray();
        var pools = Route(PickRules.Default with { Prefixes = index }, Variant("prefill", 1, replicas));
        var request = Chat with { PromptTokens = 4 * PromptHasher.BlockTokens, PromptBlocks = new ulong[] { 11, 12, 13, 14 } };

        var first = RemotePrefill.Choose(pools, request, Answering, threshold: 512);
        for (var spread = 0u; spread < 20; spread++)
            RemotePrefill.Choose(pools, request with { Spread = spread }, Answering, threshold: 512).Replica.ShouldBe(first.Replica);
    }

    [Fact]
    public void Nobody_to_ask_means_that_the_answering_replica_reads_it() =>
        RemotePrefill.Choose(Route(Variant("prefill", 1)), Chat with { PromptTokens = 5_000 }, Answering, threshold: 0).Kind.ShouldNotBe(ChoiceKind.Chosen);
}
