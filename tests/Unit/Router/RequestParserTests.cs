using System.Text;
using System.Text.Json;
using CsCheck;

namespace Ops.Router.Tests;

public sealed class RequestParserTests
{
    /// <summary>Any JSON value, with keys that look like the ones that count and odd white space.</summary>
    private static readonly Gen<string> AnyValue = Gen.Recursive<string>((depth, value) => depth > 3
        ? AnyScalar
        : Gen.OneOf(
            AnyScalar,
            value.Array[0, 3].Select(items => $"[ {string.Join(" ,\n", items)} ]"),
            Gen.Select(AnyKey, value).Array[0, 3].Select(pairs => $"{{{string.Join(",", pairs.DistinctBy(p => p.Item1).Select(p => $"\"{p.Item1}\" :\t{p.Item2}"))}}}")));

    private static Gen<string> AnyScalar => Gen.OneOf(
        Gen.String.Select(s => JsonSerializer.Serialize(s)),
        Gen.OneOf(Gen.Const("\"\\\"model\\\":\\\"x\\\"\""), Gen.Const("\"}{][\"")),
        Gen.Int.Select(i => $"{i}"),
        Gen.OneOf(Gen.Const("null"), Gen.Const("true"), Gen.Const("1.5e3")));

    private static Gen<string> AnyKey => Gen.OneOf(Gen.Const("model"), Gen.Const("messages"), Gen.Const("content"), Gen.Const("stream"), Gen.Int[0, 50].Select(i => $"k{i}"));

    [Fact]
    public async Task The_model_is_found_and_replaced_wherever_it_stands_and_nothing_else_changes()
    {
        await Gen.Select(Gen.Select(Gen.Int[0, 99], AnyValue).Array[0, 4], Gen.Select(Gen.Int[100, 199], AnyValue).Array[0, 4], Gen.OneOf(Gen.Const(""), Gen.Const(" \n")))
            .SampleAsync(async (before, after, space) =>
            {
                string Members((int Key, string Value)[] pairs) => string.Concat(pairs.DistinctBy(p => p.Key).Select(p => $"\"x{p.Key}\":{p.Value},{space}"));
                var head = $"{space}{{{Members(before)}\"model\"{space}:{space}";
                var tail = $"{space},{Members(after)}\"end\":1}}{space}";
                var body = Encoding.UTF8.GetBytes(head + "\"chat\"" + tail);

                RequestParser.Parse(body, Operation.Chat, out var request).ShouldBeNull();
                using var spliced = new SplicedContent(body, request.ModelToken, "\"vendor/large\""u8.ToArray());
                var sent = new MemoryStream();
                await spliced.CopyToAsync(sent);
                Encoding.UTF8.GetString(sent.ToArray()).ShouldBe(head + "\"vendor/large\"" + tail);
                sent.Length.ShouldBe(spliced.Length);
            });
    }

    [Fact]
    public void A_cut_off_body_is_always_refused_with_a_position_inside_it()
    {
        var body = Encoding.UTF8.GetBytes("""{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"model":"chat","stream_options":{"include_usage":true},"prompt":["a",[1]],"max_tokens":5}""");
        RequestParser.Parse(body, Operation.Chat, out _).ShouldBeNull();
        for (var length = 0; length < body.Length; length++)
        {
            var error = RequestParser.Parse(body.AsSpan(0, length), Operation.Chat, out _);
            error.ShouldNotBeNull();
            error.Status.ShouldBe(400);
        }
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"12345678"}]}""", 2)]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"1234"},{"type":"image_url","image_url":{"url":"data:AAAAAAAAAAAAAAAAAAAAAAAA"}}]},{"role":"user","content":"5"}]}""", 2)]
    [InlineData("""{"model":"m","prompt":"123456789"}""", 3)]
    [InlineData("""{"model":"m","prompt":["1234","5678"]}""", 2)]
    [InlineData("""{"model":"m","prompt":[5,6,7]}""", 3)]
    [InlineData("""{"model":"m","prompt":[[5,6],[7]]}""", 3)]
    [InlineData("""{"model":"m","messages":"none","prompt":null}""", 0)]
    public void The_prompt_is_estimated_from_its_text(string body, int tokens)
    {
        RequestParser.Parse(Encoding.UTF8.GetBytes(body), Operation.Chat, out var request).ShouldBeNull();
        request.EstimatedPromptTokens.ShouldBe(tokens);
    }

    [Theory]
    [InlineData("""{"model":"m","max_tokens":5}""", 5)]
    [InlineData("""{"model":"m","max_tokens":5,"max_completion_tokens":7}""", 7)]
    [InlineData("""{"model":"m","max_completion_tokens":7,"max_tokens":5}""", 7)]
    [InlineData("""{"model":"m","max_tokens":-5}""", null)]
    [InlineData("""{"model":"m","max_tokens":{"a":[1]}}""", null)]
    [InlineData("""{"model":"m","max_tokens":99999999999}""", null)]
    public void The_limit_on_output_tokens_is_read(string body, int? limit)
    {
        RequestParser.Parse(Encoding.UTF8.GetBytes(body), Operation.Chat, out var request).ShouldBeNull();
        request.MaxTokens.ShouldBe(limit);
    }

    [Fact]
    public void Stream_usage_and_user_are_read()
    {
        RequestParser.Parse("""{"user":"u","model":"m","stream":true,"stream_options":{"other":{"include_usage":false},"include_usage":true}}"""u8, Operation.Chat, out var request).ShouldBeNull();
        (request.Stream, request.IncludeUsage, request.User != 0).ShouldBe((true, true, true));
        RequestParser.Parse("""{"model":"m","stream":"yes","stream_options":null,"user":{"a":1}}"""u8, Operation.Chat, out request).ShouldBeNull();
        (request.Stream, request.IncludeUsage, request.User != 0).ShouldBe((false, false, false));
    }

    [Fact]
    public void A_model_that_is_no_string_is_refused() =>
        RequestParser.Parse("""{"model":5}"""u8, Operation.Chat, out _)!.Param.ShouldBe("model");
}
