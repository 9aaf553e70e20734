using Ops.Sandbox.ShopPlan;

namespace Ops.ShopScenario;

/// <summary>The sample shop as processes of the sandbox: users are served, faults show where they are, their end restores.</summary>
public sealed class Shop_scenario(ShopInSandbox shop)
{
    private const string Answers = "http_client_request_duration_seconds_count";

    [Fact]
    public async Task Users_are_served_without_one_failure_and_every_service_takes_part()
    {
        await shop.ExpectAsync("load", Answers, count => count >= 300);

        // The total is read last: what is not 200 was counted before it.
        var good = await shop.MetricAsync("load", Answers, "http_response_status_code=\"200\"");
        foreach (var status in new[] { "502", "503", "504" })
            (await shop.MetricAsync("load", Answers, $"http_response_status_code=\"{status}\"")).ShouldBe(0, status);
        good.ShouldBeGreaterThan(0);
        foreach (var (caller, callee) in Shop.Calls)
            (await shop.MetricAsync(callee, "http_server_request_duration_seconds_count", $"caller=\"{caller}\"")).ShouldBeGreaterThan(0, $"{caller} calls {callee}");
    }

    [Fact]
    public async Task A_lost_cache_shows_in_the_cache_it_is_in_and_its_end_restores()
    {
        await shop.ExpectAsync("catalog", "shop_cache_hits_total", hits => hits > 0);
        await shop.ExpectChaosAsync("inject", "cache-loss", "--service", "catalog");
        // From the second look on the loss is in force: not one of the next hundred requests is a hit.
        var hits = await SettledHitsAsync();
        var misses = await shop.MetricAsync("catalog", "shop_cache_misses_total");
        await shop.ExpectAsync("catalog", "shop_cache_misses_total", now => now >= misses + 100);
        (await shop.MetricAsync("catalog", "shop_cache_hits_total")).ShouldBe(hits);
        (await shop.MetricAsync("users", "shop_cache_hits_total")).ShouldBeGreaterThan(0);

        await shop.ExpectChaosAsync("stop");

        await shop.ExpectAsync("catalog", "shop_cache_hits_total", now => now >= hits + 50);
    }

    [Fact]
    public async Task An_exhausted_pool_shows_in_its_pool_and_is_given_back()
    {
        await shop.ExpectChaosAsync("inject", "pool-exhaustion", "--service", "checkout", "--strength", "0.5", "--for", "10m");
        // One of two connections to the cart leaks and stays away, whatever the requests do with the other.
        await shop.ExpectAsync("checkout", "shop_pool_used", used => used >= 1);
        for (var look = 0; look < 10; look++)
            (await shop.MetricAsync("checkout", "shop_pool_used", "server_address=\"cart\"")).ShouldBeGreaterThanOrEqualTo(1);

        await shop.ExpectChaosAsync("stop");

        await shop.ExpectAsync("checkout", "shop_pool_used", used => used == 0);
    }

    [Theory]
    [InlineData("There is no fault flood; choose one of cpu-hog", "inject", "flood")]
    [InlineData("cache-loss does not fit email; --service must be one of catalog", "inject", "cache-loss", "--service", "email")]
    [InlineData("No pod of the shop is ready in namespace elsewhere", "inject", "cpu-hog", "--namespace", "elsewhere")]
    public async Task What_cannot_be_injected_is_refused_in_one_sentence(string says, params string[] arguments)
    {
        var (code, output) = await shop.ChaosAsync(arguments);

        code.ShouldNotBe(0);
        output.ShouldContain(says);
        output.Trim().Split('\n').ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_recording_has_the_layout_of_its_data_set_and_names_its_truth()
    {
        var folder = Path.Combine(shop.Folder, "recording");
        await shop.ExpectChaosAsync("record", "--out", folder, "--count", "1", "--seed", "4", "--normal", "4s", "--fault", "4s", "--recovery", "1s");

        var incident = Directory.GetDirectories(Directory.GetDirectories(folder).ShouldHaveSingleItem()).ShouldHaveSingleItem();
        var rows = File.ReadAllLines(Path.Combine(incident, "data.csv"));
        rows.Length.ShouldBe(9);
        rows[0].ShouldStartWith("time,frontend_requests,");
        rows.ShouldAllBe(row => row.Split(',').Length == rows[0].Split(',', StringSplitOptions.None).Length);
        File.ReadAllLines(Path.Combine(incident, "calls.csv")).Length.ShouldBe(Shop.Calls.Count + 1);
        File.ReadAllText(Path.Combine(incident, "truth.json")).ShouldContain("\"injectTime\"");
    }

    private async Task<double> SettledHitsAsync()
    {
        for (var last = -1.0; ;)
        {
            var misses = await shop.MetricAsync("catalog", "shop_cache_misses_total");
            var hits = await shop.MetricAsync("catalog", "shop_cache_hits_total");
            if (hits == last)
                return hits;
            last = hits;
            await shop.ExpectAsync("catalog", "shop_cache_misses_total", now => now >= misses + 20);
        }
    }
}
