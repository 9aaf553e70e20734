using System.Net;
using System.Text;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Pools with the role prefill: they answer nobody, and are named to the replica that does.</summary>
public sealed class PrefillTests
{
    private const string Header = "x-prefiller-host-port";

    private static readonly string Long = Chat(string.Concat(Enumerable.Range(0, 1_000).Select(i => $"line {i} ")));

    [Fact]
    public async Task A_long_prompt_is_read_by_a_prefill_replica_and_a_short_one_is_not()
    {
        await using var decode = await Upstream.StartAsync("decode");
        await using var prefill = await Upstream.StartAsync("prefill");
        await using var router = await RouterHost.StartAsync(Disaggregated(decode, prefill));

        (await router.ChatAsync(Long)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await router.ChatAsync(Chat("hi"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        // Its cache holds the prompt by now.
        (await router.ChatAsync(Long)).StatusCode.ShouldBe(HttpStatusCode.OK);

        decode.Received.Select(r => r.Headers[Header].ToString()).ShouldBe([new Uri(prefill.Address.Url).Authority, "", ""]);
        prefill.Received.ShouldBeEmpty();
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Without_a_prefill_replica_the_answering_one_reads_the_prompt()
    {
        await using var decode = await Upstream.StartAsync("decode");
        var route = Disaggregated(decode) with { PrefillThreshold = 0 };
        await using var router = await RouterHost.StartAsync(route);

        (await router.ChatAsync(Long)).StatusCode.ShouldBe(HttpStatusCode.OK);

        decode.Received.Single().Headers.ContainsKey(Header).ShouldBeFalse();
    }

    [Fact]
    public async Task A_retry_goes_without_the_prefill_replica_that_may_be_at_fault()
    {
        await using var decode = await Upstream.StartAsync("decode", context =>
        {
            context.Response.StatusCode = context.Request.Headers.ContainsKey(Header) ? 502 : 200;
            return context.Response.StatusCode == 200 ? Upstream.AnswerAsync(context, "hello") : Task.CompletedTask;
        });
        await using var prefill = await Upstream.StartAsync("prefill");
        await using var router = await RouterHost.StartAsync(Disaggregated(decode, prefill));

        (await router.ChatAsync(Long)).StatusCode.ShouldBe(HttpStatusCode.OK);

        decode.Received.Count.ShouldBe(2);
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task Another_models_prefill_pool_is_not_used()
    {
        await using var decode = await Upstream.StartAsync("decode");
        await using var prefill = await Upstream.StartAsync("prefill");
        var route = Disaggregated(decode, prefill);
        await using var router = await RouterHost.StartAsync(route with { Prefill = [route.Prefill[0] with { Model = "vendor/other" }] });

        (await router.ChatAsync(Long)).StatusCode.ShouldBe(HttpStatusCode.OK);

        decode.Received.Single().Headers.ContainsKey(Header).ShouldBeFalse();
    }

    [Fact]
    public async Task A_client_cannot_name_the_address_that_the_sidecar_calls()
    {
        await using var decode = await Upstream.StartAsync("decode");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, decode)));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Long, Encoding.UTF8, "application/json") };
        request.Headers.Add(Header, "169.254.169.254:80");

        (await router.Client.SendAsync(request)).StatusCode.ShouldBe(HttpStatusCode.OK);

        decode.Received.Single().Headers.ContainsKey(Header).ShouldBeFalse();
    }

    private static RouteConfig Disaggregated(Upstream decode, params Upstream[] prefill)
    {
        var answering = Variant("large", 0.9, decode);
        return Route(answering) with { Prefill = [Variant("large-prefill", 0.9, prefill) with { Model = answering.Model }] };
    }

    private static string Chat(string text) => $$"""{"model":"chat","messages":[{"role":"user","content":"{{text}}"}]}""";
}
