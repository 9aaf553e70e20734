using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Http;
using Ops.Picking;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Requests for replicas whose weights sleep.</summary>
public sealed class SleepTests
{
    private static readonly UpstreamTimeouts Patient = UpstreamTimeouts.Default with { ReplicaReady = TimeSpan.FromMinutes(1) };

    [Fact]
    public async Task A_request_that_finds_all_asleep_wakes_one_and_is_answered_by_it()
    {
        var engine = new Engine(asleep: true);
        await using var upstream = await Upstream.StartAsync("pod-a", engine.HandleAsync);
        await using var router = await RouterHost.StartAsync(Sleeping(upstream));

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => router.ChatAsync()));
        foreach (var answer in answers)
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        engine.WokenTimes.ShouldBe(1);
        // The operator has not heard of it yet; the next request needs nobody.
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        (engine.WokenTimes, engine.Refused).ShouldBe((1, 0));
        await router.ExpectNothingLeftAsync();
    }

    [Fact]
    public async Task One_that_cannot_be_woken_is_passed_over()
    {
        await using var broken = await Upstream.StartAsync("pod-a", context => { context.Response.StatusCode = 500; return Task.CompletedTask; });
        var engine = new Engine(asleep: true);
        await using var sound = await Upstream.StartAsync("pod-b", engine.HandleAsync);
        await using var router = await RouterHost.StartAsync(Sleeping(broken, sound));
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        engine.WokenTimes.ShouldBe(1);
    }

    [Fact]
    public async Task While_others_serve_and_nobody_waits_a_sleeper_is_left_alone()
    {
        var (served, asleep) = (new Engine(asleep: false), new Engine(asleep: true));
        await using var one = await Upstream.StartAsync("pod-a", served.HandleAsync);
        await using var other = await Upstream.StartAsync("pod-b", asleep.HandleAsync);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, one) with { Sleeping = [other.Address] }));
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => router.ChatAsync())))
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        other.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task Requests_that_wait_for_room_wake_a_sleeper_that_takes_them()
    {
        using var gate = new SemaphoreSlim(0);
        var engine = new Engine(asleep: true);
        await using var full = await Upstream.StartAsync("pod-a", async context =>
        {
            await gate.WaitAsync(context.RequestAborted);
            await Upstream.AnswerAsync(context, "late");
        });
        await using var sleeper = await Upstream.StartAsync("pod-b", engine.HandleAsync);
        await using var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, full) with { Sleeping = [sleeper.Address], MaxSequences = 1 }));
        // The first never ends one, and takes what comes until its queue is looked at for the first time; who comes then waits.
        var asked = new List<Task<HttpResponseMessage>>();
        await Eventually.TrueAsync(
            () =>
            {
                if (asked.Count < 500)
                    asked.Add(router.ChatAsync());
                return Task.FromResult(engine.WokenTimes == 1);
            },
            "nobody woke the sleeper");
        await Eventually.TrueAsync(() => Task.FromResult(engine.Answered > 0), "the woken replica got no request");
        gate.Release(asked.Count);
        foreach (var answer in await Task.WhenAll(asked))
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void A_table_gives_back_those_that_were_woken_until_it_says_so_itself()
    {
        ImmutableArray<ReplicaAddress> two = [new("pod-a", "http://127.0.0.1:1"), new("pod-b", "http://127.0.0.1:2")];
        var table = new RoutingTable([Route(Variant("large", 0.9, two[0]) with { Sleeping = [two[1]] })], ApiKeys.None);
        table.Asleep().ShouldBe([two[1].Url]);
        var woken = table.With(new HashSet<string> { two[1].Url });
        woken.Asleep().ShouldBeEmpty();
        woken.Routes[0].Variants[0].Replicas.ShouldBe(two);
    }

    private static RouteConfig Sleeping(params Upstream[] replicas) =>
        Route(Variant("large", 0.9, Array.Empty<ReplicaAddress>()) with { Sleeping = [.. replicas.Select(replica => replica.Address)] }) with { Timeouts = Patient };

    /// <summary>Refuses while it sleeps, as vLLM does.</summary>
    private sealed class Engine(bool asleep)
    {
        private volatile bool _asleep = asleep;
        private int _woken, _refused, _answered;

        public int WokenTimes => Volatile.Read(ref _woken);

        public int Refused => Volatile.Read(ref _refused);

        public int Answered => Volatile.Read(ref _answered);

        public Task HandleAsync(HttpContext context)
        {
            if (context.Request.Path == "/wake_up")
            {
                Interlocked.Increment(ref _woken);
                _asleep = false;
                return Task.CompletedTask;
            }

            if (!_asleep)
            {
                Interlocked.Increment(ref _answered);
                return Upstream.AnswerAsync(context, "hello");
            }

            Interlocked.Increment(ref _refused);
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        }
    }
}
