using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>What a router tells of its choices, and to whom.</summary>
public sealed class DecisionTests
{
    private const int Port = 8081;

    [Fact]
    public async Task A_choice_is_told_with_its_features_and_scores_and_without_a_word_of_the_prompt()
    {
        await using var large = await Upstream.StartAsync("pod-a");
        await using var small = await Upstream.StartAsync("pod-b");
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, large), Variant("small", 0.5, small)), $"--Router:DecisionsPort={Port}");
        using (var answer = await router.ChatAsync("""{"model":"chat","max_tokens":7,"messages":[{"role":"user","content":"a secret plan"}]}"""))
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);

        var (status, text) = await AskAsync(router, Port, "default/chat");

        status.ShouldBe(200);
        var decision = JsonNode.Parse(text)!["decisions"]!.AsArray().ShouldHaveSingleItem()!;
        ((string?)decision["policy"], (string?)decision["chosen"], (string?)decision["outcome"], (int?)decision["maxTokens"], (string?)decision["scoreName"]).ShouldBe(("price", "large", "Chosen", 7, "score"));
        decision["variants"]!.AsArray().Select(variant => ((string?)variant!["pool"], (bool?)variant["open"])).ShouldBe([("large", true), ("small", true)]);
        ((double?)decision["variants"]![0]!["score"])!.Value.ShouldBeInRange(0, 1);
        ((double?)decision["variants"]![0]!["completion"])!.Value.ShouldBeGreaterThan(0);
        text.ShouldNotContain("secret");
        text.ShouldNotContain(Key);
    }

    [Fact]
    public async Task Nobody_is_told_on_the_port_of_clients_or_of_a_route_that_is_not_there()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream)), $"--Router:DecisionsPort={Port}");
        using var answer = await router.Client.GetAsync(new Uri("/decisions?route=default/chat", UriKind.Relative));

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await answer.Content.ReadAsStringAsync()).ShouldContain("unknown_url");
        (await AskAsync(router, Port, "default/other")).Status.ShouldBe(404);
    }

    [Fact]
    public void A_ring_keeps_four_a_second_and_the_newest_sixty_four()
    {
        var ring = new DecisionRing();
        Enumerable.Range(0, 1_000).Count(ms => ring.IsDue(ms)).ShouldBe(4);
        for (var i = 0; i < 100; i++)
            ring.Add(new(DateTimeOffset.UnixEpoch.AddSeconds(i), "ladder", "default", i, null, 0, false, 1, "Chosen", null, new(0, "", [])));
        ring.Read().Select(decision => decision.PromptTokens).ShouldBe(Enumerable.Range(36, 64).Reverse());
    }

    private static async Task<(int Status, string Text)> AskAsync(RouterHost router, int port, string route)
    {
        var (status, bytes) = await AskAsync(router, port, "/decisions", route);
        return (status, System.Text.Encoding.UTF8.GetString(bytes));
    }

    /// <summary>Asks as a request on another of the server's ports would, without opening one.</summary>
    internal static async Task<(int Status, byte[] Bytes)> AskAsync(RouterHost router, int port, string path, string route)
    {
        var context = new DefaultHttpContext { RequestServices = router.App.Services };
        context.Request.Method = "GET";
        context.Request.Path = path;
        context.Request.QueryString = QueryString.Create("route", route);
        context.Connection.LocalPort = port;
        using var body = new MemoryStream();
        context.Response.Body = body;
        await router.App.Services.GetRequiredService<RouterPipeline>().HandleAsync(context);
        await context.Response.BodyWriter.FlushAsync();
        return (context.Response.StatusCode, body.ToArray());
    }
}
