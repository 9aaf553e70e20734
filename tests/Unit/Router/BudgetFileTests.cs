using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using static Ops.Router.Tests.RouterHost;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Budgets of a day and a month outlive the process.</summary>
public sealed class BudgetFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ops-budgets-");

    private string File => Path.Combine(_folder.FullName, "budgets.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_restarted_router_goes_on_with_what_was_used()
    {
        await using var upstream = await Upstream.StartAsync();
        await using (var router = await StartAsync(upstream))
            (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        var text = await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken);
        text.ShouldContain("\"tester\":{\"Day\":10,\"Month\":10}");
        text.ShouldNotContain(Key);

        await using var restarted = await StartAsync(upstream);
        await ExpectErrorAsync(await restarted.ChatAsync(), HttpStatusCode.TooManyRequests, "insufficient_quota");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"Day\":\"2026-02-31\",\"Callers\":{}}")]
    [InlineData("{\"Day\":\"2026-02-28\",\"Callers\":{\"tester\":null}}")]
    [InlineData("{\"Day\":\"2026-02-28\",\"Callers\":null}")]
    [InlineData("{\"Day\":\"2026-02-28\"}")]
    public async Task A_file_that_cannot_be_read_stops_nobody_and_is_replaced(string content)
    {
        await System.IO.File.WriteAllTextAsync(File, content, TestContext.Current.CancellationToken);
        await using var upstream = await Upstream.StartAsync();
        await using (var router = await StartAsync(upstream))
            (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken)).ShouldContain("tester");
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_stops_nobody()
    {
        await using var upstream = await Upstream.StartAsync();
        await using var router = await StartAsync(upstream, Path.Combine(_folder.FullName, "absent", "budgets.json"));
        (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public void Yesterdays_tokens_count_for_the_month_alone_and_last_months_for_nothing()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 2, 28, 12, 0, 0, TimeSpan.Zero));
        var meters = new CallerMeters(time);
        meters.Restore("yesterday", new DateTime(2026, 2, 27, 0, 0, 0, DateTimeKind.Utc), 100, 300);
        meters.Restore("january", new DateTime(2026, 1, 28, 0, 0, 0, DateTimeKind.Utc), 100, 300);
        meters.Restore("liar", new DateTime(2026, 2, 28, 0, 0, 0, DateTimeKind.Utc), -100, -300);

        meters.Used().ShouldBe([("yesterday", 0, 300)]);
    }

    private async Task<RouterHost> StartAsync(Upstream upstream, string? file = null)
    {
        var route = Route(Variant("large", 0.9, upstream));
        var router = await RouterHost.StartAsync(route, $"--Router:BudgetFile={file ?? File}");
        var keys = ApiKeys.From([(new Caller("tester") { Limits = new CallerLimits { TokensPerDay = 5 } }, Encoding.UTF8.GetBytes(Key))]);
        router.Source.Set(new RoutingTable([route], keys));
        return router;
    }
}
