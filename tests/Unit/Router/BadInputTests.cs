using System.Net;
using System.Net.Http.Headers;
using System.Text;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

public sealed class BadInputTests : IAsyncLifetime
{
    private Upstream _upstream = null!;
    private RouterHost _router = null!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await Upstream.StartAsync();
        _router = await RouterHost.StartAsync(Route(Variant("large", 0.9, _upstream)));
    }

    public async ValueTask DisposeAsync()
    {
        // Whatever a test sent, nothing of it may have reached the engine or stayed behind.
        _upstream.Received.ShouldBeEmpty();
        await _router.ExpectNothingLeftAsync();
        await _router.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    [Theory]
    [InlineData("""{"model":"chat","messages":[}""", 28)]
    [InlineData("""{"model":"chat" "messages":[]}""", 16)]
    [InlineData("""{"model":"chat"}}""", 16)]
    [InlineData("{\n  \"model\": \"chat\",\n  oops\n}", 23)]
    [InlineData("""{"model":"chat","messages":[""", 28)]
    public async Task Malformed_JSON_is_refused_with_the_byte_position(string body, int position)
    {
        using var response = await _router.ChatAsync(body);

        var error = await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "invalid_request");
        error["message"]!.GetValue<string>().ShouldContain($"at byte {position}:");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"chat\"")]
    public async Task A_body_that_is_no_object_is_refused(string body)
    {
        using var response = await _router.ChatAsync(body);
        await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "invalid_request");
    }

    [Fact]
    public async Task Invalid_UTF8_is_refused_with_the_byte_position()
    {
        using var content = new ByteArrayContent([.. "{\"model\":\"chat\",\"prompt\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        using var response = await _router.Client.PostAsync(new Uri("/v1/completions", UriKind.Relative), content);

        var error = await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "invalid_request");
        error["message"]!.GetValue<string>().ShouldContain("not valid UTF-8 at byte 26");
    }

    [Fact]
    public async Task Deeply_nested_JSON_is_refused()
    {
        using var response = await _router.ChatAsync("{\"model\":\"chat\",\"x\":" + new string('[', 5_000) + new string(']', 5_000) + "}");
        await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "invalid_request");
    }

    [Theory]
    [InlineData("""{"model":"chat","model":"other"}""")]
    [InlineData("""{"model":"chat","mod\u0065l":"other"}""")]
    [InlineData("""{"model":"chat","stream":true,"stream":false}""")]
    public async Task A_key_that_stands_twice_is_refused(string body)
    {
        using var response = await _router.ChatAsync(body);
        await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "duplicate_key");
    }

    [Fact]
    public async Task A_request_without_a_model_is_refused()
    {
        using var response = await _router.ChatAsync("""{"messages":[{"role":"user","content":"\"model\":\"chat\""}]}""");
        (await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "missing_model"))["param"]!.GetValue<string>().ShouldBe("model");
    }

    [Fact]
    public async Task An_unknown_model_is_not_found_and_the_message_names_it()
    {
        using var response = await _router.ChatAsync("""{"model":"gpt-9","messages":[]}""");

        var error = await ExpectErrorAsync(response, HttpStatusCode.NotFound, "model_not_found");
        error["message"]!.GetValue<string>().ShouldContain("gpt-9");
        error["param"]!.GetValue<string>().ShouldBe("model");
    }

    [Fact]
    public async Task The_name_of_a_pool_is_no_model()
    {
        using var response = await _router.ChatAsync("""{"model":"vendor/large","messages":[]}""");
        await ExpectErrorAsync(response, HttpStatusCode.NotFound, "model_not_found");
    }

    [Theory]
    [InlineData(null, "missing_api_key")]
    [InlineData("Basic dGVzdDp0ZXN0", "missing_api_key")]
    [InlineData("Bearer", "missing_api_key")]
    [InlineData("Bearer wrong", "invalid_api_key")]
    [InlineData("Bearer sk-test-012345678", "invalid_api_key")]
    [InlineData("Bearer sk-test-01234567890", "invalid_api_key")]
    public async Task A_missing_or_wrong_key_is_refused_before_the_body_is_read(string? authorization, string code)
    {
        using var client = new HttpClient { BaseAddress = _router.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("not even JSON") };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await client.SendAsync(request);

        var error = await ExpectErrorAsync(response, HttpStatusCode.Unauthorized, code);
        response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
        error["message"]!.GetValue<string>().ShouldNotContain("sk-test");
    }

    [Fact]
    public async Task A_body_of_100_MB_is_refused_unread()
    {
        using var content = new Zeroes(100_000_000, announce: true);
        using var response = await _router.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);

        await ExpectErrorAsync(response, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
        _router.App.Services.GetService(typeof(BodyBudget)).ShouldBeOfType<BodyBudget>().Peak.ShouldBe(0);
    }

    [Fact]
    public async Task A_body_of_100_MB_that_does_not_announce_its_size_is_refused_at_the_limit()
    {
        using var content = new Zeroes(100_000_000, announce: false);
        using var response = await _router.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);

        await ExpectErrorAsync(response, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
        // The buffer doubles, so for a moment the old and the new one are held.
        _router.App.Services.GetService(typeof(BodyBudget)).ShouldBeOfType<BodyBudget>().Peak.ShouldBeLessThanOrEqualTo(2 * (32 << 20) + 1);
    }

    [Fact]
    public async Task A_compressed_body_is_refused_unread()
    {
        using var content = new ByteArrayContent([0x1F, 0x8B]);
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await _router.Client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
        await ExpectErrorAsync(response, HttpStatusCode.UnsupportedMediaType, "unsupported_content_encoding");
    }

    [Fact]
    public async Task A_wrong_method_says_which_one_is_right()
    {
        using var response = await _router.Client.GetAsync(new Uri("/v1/chat/completions", UriKind.Relative));
        await ExpectErrorAsync(response, HttpStatusCode.MethodNotAllowed, "method_not_allowed");
        response.Content.Headers.Allow.ShouldBe(["POST"]);
    }

    [Theory]
    [InlineData("/v1/images/generations")]
    [InlineData("/v1/../metrics/x")]
    [InlineData("//v1/chat/completions")]
    public async Task An_unknown_path_says_what_there_is(string path)
    {
        using var response = await _router.Client.PostAsync(new Uri(_router.Client.BaseAddress!.ToString().TrimEnd('/') + path), content: null);
        await ExpectErrorAsync(response, HttpStatusCode.NotFound, "unknown_url");
    }

    /// <summary>A body of spaces that is never in memory as a whole.</summary>
    private sealed class Zeroes(long length, bool announce) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var piece = new byte[64 << 10];
            Array.Fill(piece, (byte)' ');
            try
            {
                for (var left = length; left > 0; left -= piece.Length)
                    await stream.WriteAsync(piece.AsMemory(0, (int)Math.Min(left, piece.Length)));
            }
            catch (IOException)
            {
                // The router may close the connection before it has all; its answer is what counts.
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = length;
            return announce;
        }
    }
}
