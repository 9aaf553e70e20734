using System.Net;
using Ops.Picking;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>Joules and grams of CO2 by request and tenant.</summary>
public sealed class EnergyTests
{
    // 2 J a step whatever the batch, 0.5 J by prompt token.
    private static readonly ServingCurve Curve = new([0.01], [2], idleWatts: 70, 1e-4, 0.5);

    [Fact]
    public async Task A_request_counts_its_joules_for_its_route_and_its_tenant_and_in_the_access_log()
    {
        await using var upstream = await Upstream.StartAsync();
        var router = await RouterHost.StartAsync(Route(Variant("large", 0.9, upstream) with { Curve = Curve }, Variant("unknown", 0.1, upstream)), "--Router:CarbonIntensity=360");
        await using (router)
        {
            (await router.ChatAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
            const string Series = "ops_router_request_joules_total{route=\"default/chat\",variant=\"large\"}";
            await Eventually.TrueAsync(async () => await router.MetricAsync(Series) > 0, "the joules were not counted");

            // 3 prompt tokens and 7 tokens of the answer, as the upstream reports them, alone on the replica.
            (await router.MetricAsync(Series)).ShouldBe((3 * 0.5) + (7 * 2), 1e-9);
            var tenant = (await router.MetricsAsync()).Split('\n').Single(line => line.StartsWith("ops_router_tenant_joules_total{", StringComparison.Ordinal));
            tenant.ShouldEndWith(" 15.5");
            var grams = (await router.MetricsAsync()).Split('\n').Single(line => line.StartsWith("ops_router_tenant_co2_grams_total{", StringComparison.Ordinal));
            // 360 g a kilowatt-hour are 0.0001 g a joule.
            double.Parse(grams.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture).ShouldBe(0.00155, 1e-9);
        }

        router.AccessLog.ShouldContain("\"joules\":15.5");
    }

    [Theory]
    [InlineData(true, "large", true)]
    [InlineData(false, "large", false)]
    [InlineData(true, "unknown", false)]
    public async Task An_answer_says_what_it_was_expected_to_cost_where_the_route_asks_and_the_profile_is_known(bool asked, string pool, bool said)
    {
        // An engine's own word on it is not passed on.
        await using var upstream = await Upstream.StartAsync(onRequest: context =>
        {
            context.Response.Headers["x-ops-expected-joules"] = "0.001";
            return Upstream.AnswerAsync(context, "hello");
        });
        await using var router = await RouterHost.StartAsync(Route(Variant(pool, 0.9, upstream) with { Curve = pool == "large" ? Curve : null }) with { EnergyHeader = asked });

        var response = await router.ChatAsync();

        response.Headers.TryGetValues("x-ops-expected-joules", out var values).ShouldBe(said);
        if (said)
            double.Parse(values!.Single(), System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(2);
    }

    [Fact]
    public void The_intensity_follows_the_hour_of_the_day()
    {
        var carbon = CarbonIntensity.Parse(string.Join(',', Enumerable.Range(0, 24).Select(hour => hour * 10)))!;

        carbon.Grams(3.6e6, new DateTimeOffset(2026, 1, 1, 5, 59, 59, TimeSpan.Zero)).ShouldBe(50, 1e-9);
        carbon.Grams(3.6e6, new DateTimeOffset(2026, 1, 1, 13, 0, 0, TimeSpan.FromHours(-10))).ShouldBe(230, 1e-9);
        CarbonIntensity.Parse(" ").ShouldBeNull();
    }

    [Theory]
    [InlineData("much", "'much' is not a number of grams")]
    [InlineData("-1", "0 to 2000")]
    [InlineData("1,2,3", "3 numbers. Give one, or 24")]
    public void An_intensity_that_cannot_be_is_refused_by_name(string text, string expected) =>
        Should.Throw<InvalidOperationException>(() => CarbonIntensity.Parse(text)).Message.ShouldContain(expected);

    [Fact]
    public async Task Tenants_beyond_the_bound_count_together()
    {
        var metrics = new RouterMetrics(() => 0);
        for (var i = 0; i < EnergyMetrics.MostTenants + 5; i++)
            metrics.Energies.Add("r", "v", $"t{i}", 1, null);

        using var page = new MemoryStream();
        await metrics.Registry.CollectAndExportAsTextAsync(page, TestContext.Current.CancellationToken);
        var lines = System.Text.Encoding.UTF8.GetString(page.ToArray()).Split('\n').Where(line => line.StartsWith("ops_router_tenant_joules_total{", StringComparison.Ordinal)).ToList();
        lines.Count.ShouldBe(EnergyMetrics.MostTenants + 1);
        lines.ShouldContain("ops_router_tenant_joules_total{tenant=\"others\"} 5");
    }
}
