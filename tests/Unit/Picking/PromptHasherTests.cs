using CsCheck;

namespace Ops.Picking.Tests;

public sealed class PromptHasherTests
{
    private const int BlockBytes = PromptHasher.BlockTokens * PromptHasher.BytesPerToken;

    [Fact]
    public void A_growing_conversation_keeps_the_blocks_it_had()
    {
        Gen.Select(Gen.Int[0, 5_000].Array[1, 12], Gen.Int[0, 12]).Sample((lengths, turn) =>
        {
            var messages = lengths.Select((length, i) => Text(length, i)).ToArray();
            var before = Chain([.. messages.Take(Math.Min(turn, messages.Length))]);
            var after = Chain(messages);
            return after.AsSpan().StartsWith(before);
        });
    }

    [Fact]
    public void Prompts_share_exactly_the_blocks_before_their_first_difference()
    {
        Gen.Select(Gen.Int[1, 40_000], Gen.Int[0, 39_999]).Where((length, at) => at < length).Sample((length, at) =>
        {
            var text = Text(length, 0);
            var other = (byte[])text.Clone();
            other[at] ^= 1;
            var (a, b) = (Chain(text), Chain(other));
            return a.Length == length / BlockBytes && a.AsSpan().CommonPrefixLength(b) == Math.Min(at / BlockBytes, a.Length);
        });
    }

    [Fact]
    public void Who_speaks_tells_prompts_apart()
    {
        var (a, b) = (new PromptHasher(), new PromptHasher());
        a.Mix("user"u8);
        b.Mix("system"u8);
        a.Append(Text(BlockBytes, 0));
        b.Append(Text(BlockBytes, 0));

        a.Blocks.Length.ShouldBe(1);
        a.Blocks.Span[0].ShouldNotBe(b.Blocks.Span[0]);
    }

    [Fact]
    public void Token_ids_make_blocks_of_512_too()
    {
        var hasher = new PromptHasher();
        for (var i = 0; i < 1_100; i++)
            hasher.AppendToken("17"u8);
        hasher.Blocks.Length.ShouldBe(2);
    }

    [Fact]
    public void The_chain_is_bounded() => Chain(Text((PromptHasher.MaxBlocks + 50) * BlockBytes, 0)).Length.ShouldBe(PromptHasher.MaxBlocks);

    [Fact]
    public void After_the_release_nothing_is_left()
    {
        var hasher = new PromptHasher();
        hasher.Append(Text(3 * BlockBytes, 0));
        hasher.Release();
        hasher.Blocks.Length.ShouldBe(0);
        hasher.Release();
    }

    private static ulong[] Chain(params byte[][] messages)
    {
        var hasher = new PromptHasher();
        foreach (var message in messages)
        {
            hasher.Mix("user"u8);
            hasher.Append(message);
        }

        var blocks = hasher.Blocks.ToArray();
        hasher.Release();
        return blocks;
    }

    private static byte[] Text(int length, int seed)
    {
        var text = new byte[length];
        for (var i = 0; i < length; i++)
            text[i] = (byte)('a' + ((i + seed * 7 + i / 251) % 26));
        return text;
    }
}
