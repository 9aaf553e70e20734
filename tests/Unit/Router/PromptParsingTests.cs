using System.Text;
using Ops.Picking;

namespace Ops.Router.Tests;

/// <summary>What the parser tells of prompt and session, straight from the bytes of a request.</summary>
public sealed class PromptParsingTests
{
    private static readonly string Long = string.Concat(Enumerable.Range(0, 1_000).Select(i => $"word {i} "));

    [Fact]
    public void A_conversation_that_grows_keeps_its_blocks_wherever_the_other_keys_stand()
    {
        var first = Chain($$$"""{"model":"m","messages":[{"role":"system","content":"{{{Long}}}"},{"role":"user","content":"{{{Long}}}"}]}""");
        var second = Chain($$$"""{"temperature":0.5,"messages":[{"role":"system","content":"{{{Long}}}"},{"role":"user","content":"{{{Long}}}"},{"role":"assistant","content":"{{{Long}}}"}],"model":"m","stream":true}""");

        first.Length.ShouldBe(2 * Long.Length / 2_048);
        second.Length.ShouldBe(3 * Long.Length / 2_048);
        second.AsSpan().StartsWith(first).ShouldBeTrue();
    }

    [Fact]
    public void Parts_of_a_message_tools_and_images_are_part_of_the_prompt()
    {
        string Body(string image, string arguments) =>
            $$$"""{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:{{{image}}}"}},{"type":"text","text":"{{{Long}}}"}]},{"role":"assistant","tool_calls":[{"function":{"arguments":"{{{arguments}}}{{{Long}}}"}}]}]}""";

        var chain = Chain(Body("AAAA", "a"));
        chain.Length.ShouldBe(((2 * Long.Length) + 1) / 2_048);
        chain.AsSpan().CommonPrefixLength(Chain(Body("BBBB", "a"))).ShouldBe(0);
        chain.AsSpan().CommonPrefixLength(Chain(Body("AAAA", "b"))).ShouldBe(Long.Length / 2_048);
    }

    [Fact]
    public void A_prompt_is_text_or_token_ids()
    {
        Chain($$"""{"model":"m","prompt":"{{Long}}"}""").Length.ShouldBe(Long.Length / 2_048);
        Chain($$"""{"model":"m","prompt":[{{string.Join(',', Enumerable.Range(0, 1_024))}}]}""").Length.ShouldBe(2);
        Chain("""{"model":"m","prompt":"short"}""").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"model":"m"}""", null)]
    [InlineData("""{"model":"m","user":"alice"}""", "alice")]
    [InlineData("""{"user":"alice","model":"m","prompt_cache_key":"team-a"}""", "team-a")]
    [InlineData("""{"prompt_cache_key":"","model":"m","user":"alice"}""", "alice")]
    [InlineData("""{"prompt_cache_key":{"user":"bob"},"model":"m","user":5}""", null)]
    public void The_session_is_the_prompt_cache_key_else_the_user(string body, string? key)
    {
        RequestParser.Parse(Encoding.UTF8.GetBytes(body), Operation.Chat, out var request).ShouldBeNull();
        request.SessionKey.ShouldBe(key is null ? 0 : KeyHash.Of(Encoding.UTF8.GetBytes(key)));
    }

    [Fact]
    public void The_cache_salt_of_vLLM_is_read()
    {
        RequestParser.Parse("""{"model":"m","cache_salt":"tenant"}"""u8, Operation.Chat, out var request).ShouldBeNull();
        request.CacheSalt.ShouldBe(KeyHash.Of("tenant"u8));
    }

    [Fact]
    public void A_refused_body_leaves_no_chain_behind()
    {
        RequestParser.Parse(Encoding.UTF8.GetBytes($$"""{"prompt":"{{Long}}"}"""), Operation.Chat, out var request).ShouldNotBeNull();
        request.Prompt.Blocks.Length.ShouldBe(0);
    }

    private static ulong[] Chain(string body)
    {
        RequestParser.Parse(Encoding.UTF8.GetBytes(body), Operation.Chat, out var request).ShouldBeNull();
        var chain = request.Prompt.Blocks.ToArray();
        request.Prompt.Release();
        return chain;
    }
}
