using System.Collections.Frozen;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Picking;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Requests in front of a replica that works on one at a time, as its metrics say.</summary>
public sealed class AdmissionTests : IAsyncLifetime
{
    private const string OneAtATime = "vllm:num_requests_running 1\nvllm:num_requests_waiting 1\n";
    private const string Priorities = AdmissionDesk.PriorityHeader;

    private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Upstream _upstream = null!;
    private RouterHost _router = null!;

    public async ValueTask InitializeAsync()
    {
        _upstream = await Upstream.StartAsync("replica-0", async context =>
        {
            await _finish.Task.WaitAsync(context.RequestAborted);
            await Upstream.AnswerAsync(context, "hello");
        });
        _upstream.Metrics = OneAtATime;
        _router = await RouterHost.StartAsync(OneRoute(new Objective(1, 0.1, 30, 60)), "--Router:ScrapeInterval=00:00:00.05");
        await Eventually.TrueAsync(() => Gate.Room == 1, "the gate has not learned that there is room for one");
    }

    public async ValueTask DisposeAsync()
    {
        _finish.TrySetResult();
        await _router.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    private RouteGate Gate => _router.Fleet.Current.Routes[0].Gate;

    [Fact]
    public async Task A_request_waits_in_the_router_and_not_in_the_replica_until_there_is_room()
    {
        var first = _router.ChatAsync();
        await Eventually.TrueAsync(() => _upstream.Active == 1, "the first did not reach the replica");
        var second = _router.ChatAsync();
        await Eventually.TrueAsync(() => Gate.Waiting == 1, "the second does not wait");
        _upstream.Received.Count.ShouldBe(1);

        _finish.SetResult();
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await second).StatusCode.ShouldBe(HttpStatusCode.OK);
        await _router.ExpectNothingLeftAsync();
        (Gate.InFlight, Gate.Waiting).ShouldBe((0, 0));
        (await _router.MetricAsync("""ops_router_queue_seconds_count{route="default/chat"}""")).ShouldBe(1);
        await Eventually.TrueAsync(() => _router.AccessLog.Contains("\"queuedMs\":", StringComparison.Ordinal), "the access log does not say that it waited");
    }

    [Fact]
    public async Task A_client_that_leaves_leaves_the_queue_at_once()
    {
        var first = _router.ChatAsync();
        await Eventually.TrueAsync(() => _upstream.Active == 1, "the first did not reach the replica");
        using var leaving = new CancellationTokenSource();
        var second = SendAsync(Key, cancellation: leaving.Token);
        await Eventually.TrueAsync(() => Gate.Waiting == 1, "the second does not wait");

        await leaving.CancelAsync();
        await Eventually.TrueAsync(() => Gate.Waiting == 0, "the second still waits");
        await Should.ThrowAsync<OperationCanceledException>(second);
        _finish.SetResult();
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        await _router.ExpectNothingLeftAsync();
        _upstream.Received.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Who_cannot_be_served_in_time_is_told_when_to_come_back()
    {
        _router.Source.Set(OneRoute(new Objective(0.1, 0.1, 0.4, 0.5)));
        var first = _router.ChatAsync();
        await Eventually.TrueAsync(() => _upstream.Active == 1, "the first did not reach the replica");

        using var second = await _router.ChatAsync();
        await ExpectErrorAsync(second, HttpStatusCode.TooManyRequests, "deadline_passed");
        second.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        (await _router.MetricAsync("""ops_router_admission_refused_total{route="default/chat",reason="deadline_passed"}""")).ShouldBe(1);
        _finish.SetResult();
        (await first).Dispose();
    }

    [Fact]
    public async Task A_tenant_that_fills_the_queue_gives_way_to_another()
    {
        _router.Source.Set(OneRoute(new Objective(1, 0.1, 30, 60), maxQueued: 2));
        var first = _router.ChatAsync();
        await Eventually.TrueAsync(() => _upstream.Active == 1, "the first did not reach the replica");
        var second = SendAsync(Key);
        await Eventually.TrueAsync(() => Gate.Waiting == 1, "the second does not wait");
        var third = SendAsync(Key);
        await Eventually.TrueAsync(() => Gate.Waiting == 2, "the third does not wait");
        using (var fourth = await SendAsync(Key))
            await ExpectErrorAsync(fourth, HttpStatusCode.TooManyRequests, "queue_full");

        var other = SendAsync("sk-other");
        using (var displaced = await third)
            await ExpectErrorAsync(displaced, HttpStatusCode.TooManyRequests, "displaced");
        _finish.SetResult();
        foreach (var served in (Task<HttpResponseMessage>[])[first, second, other])
            (await served).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("urgent", HttpStatusCode.BadRequest, "unknown_priority")]
    [InlineData("interactive", HttpStatusCode.Forbidden, "priority_not_allowed")]
    public async Task A_priority_is_known_and_granted_or_refused(string asked, HttpStatusCode status, string code)
    {
        using var response = await SendAsync(Key, (Priorities, asked));
        var error = await ExpectErrorAsync(response, status, code);
        error["message"]!.GetValue<string>().ShouldContain(Priorities);
        Gate.InFlight.ShouldBe(0);
    }

    [Fact]
    public async Task Only_what_is_marked_sheddable_is_shed()
    {
        var first = _router.ChatAsync();
        await Eventually.TrueAsync(() => _upstream.Active == 1, "the first did not reach the replica");
        var second = _router.ChatAsync();
        await Eventually.TrueAsync(() => Gate.Waiting == 1, "the second does not wait");

        // Twice the room is asked for: everything sheddable goes, and the others stay.
        using (var batch = await SendAsync(Key, (Priorities, "batch")))
            await ExpectErrorAsync(batch, HttpStatusCode.TooManyRequests, "shed");
        _finish.SetResult();
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await second).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_overlong_program_id_is_refused_by_name()
    {
        using var response = await SendAsync(Key, (AdmissionDesk.ProgramHeader, new string('x', 129)));
        var error = await ExpectErrorAsync(response, HttpStatusCode.BadRequest, "invalid_program_id");
        error["message"]!.GetValue<string>().ShouldContain("129");
    }

    [Fact]
    public async Task The_streams_quality_of_experience_is_measured()
    {
        _upstream.OnRequest = context => Upstream.StreamAsync(context, "one", "two", "three");
        using var response = await _router.StreamAsync();
        await response.Content.ReadAsStringAsync();
        const string Series = """ops_router_stream_qoe_count{route="default/chat",variant="large"}""";
        await Eventually.TrueAsync(async () => await _router.MetricAsync(Series) == 1, "no quality was observed");
    }

    private async Task<HttpResponseMessage> SendAsync(string key, (string Name, string Value)? header = null, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Paths.Chat)
        {
            Content = new StringContent("""{"model":"chat","messages":[{"role":"user","content":"Hello"}]}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new("Bearer", key);
        if (header is var (name, value))
            request.Headers.Add(name, value);
        return await _router.Client.SendAsync(request, cancellation);
    }

    private RouteConfig OneRoute(Objective objective, int maxQueued = 100) => Route(Variant("large", 0.9, _upstream)) with
    {
        Objective = objective,
        Admission = new AdmissionConfig
        {
            Gate = new GateSettings { MaxQueued = maxQueued },
            Priorities = ((PriorityLevel[])[PriorityLevel.Default, new("interactive", 10, Sheddable: false), new("batch", -10, Sheddable: true)]).ToFrozenDictionary(p => p.Name),
        },
    };
}
