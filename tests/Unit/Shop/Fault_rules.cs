using System.Net;

namespace Ops.Sandbox.Shop.Tests;

/// <summary>Every fault moves what it says, and its end puts everything back. Waits are lower bounds that the fault itself guarantees.</summary>
public sealed class Fault_rules
{
    [Fact]
    public async Task A_slow_dependency_waits_in_the_callee_and_shows_at_the_caller()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database", "inventory");
        await shop.InjectAsync("database", "slow-dependency");
        await shop.ExpectSlowAsync("database", "select", 0.2);
        var callee = await shop.MetricAsync("database", "http_server_request_duration_seconds_sum", "caller=\"inventory\"");

        await shop.DoAsync("inventory", "reserve", 2);

        // Each reservation is a select and an insert, and each waits half a second.
        ((await shop.MetricAsync("database", "http_server_request_duration_seconds_sum", "caller=\"inventory\"")) - callee).ShouldBeGreaterThan(0.9);
    }

    [Fact]
    public async Task Packet_delay_is_in_the_gap_between_caller_and_callee_and_in_neither()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "cache", "cart");
        var callee = await shop.MetricAsync("cache", "http_server_request_duration_seconds_sum", "caller=\"cart\"");
        var caller = await shop.MetricAsync("cart", "http_client_request_duration_seconds_sum");
        await shop.InjectAsync("cache", "packet-delay");
        await shop.ExpectDelayedAsync("cache");

        await shop.DoAsync("cart", "get", 4);

        // 200 ms there and 200 ms back, four times.
        var gap = (await shop.MetricAsync("cart", "http_client_request_duration_seconds_sum")) - caller
            - ((await shop.MetricAsync("cache", "http_server_request_duration_seconds_sum", "caller=\"cart\"")) - callee);
        gap.ShouldBeGreaterThan(1.1);
    }

    [Fact]
    public async Task A_lost_cache_sends_every_request_on()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database", "catalog");
        await shop.DoAsync("catalog", "list", 100);
        (await shop.MetricAsync("catalog", "shop_cache_hits_total")).ShouldBeGreaterThan(0);
        await shop.InjectAsync("catalog", "cache-loss");
        await shop.ExpectMissAsync("catalog", "list");
        var (hits, misses) = (await shop.MetricAsync("catalog", "shop_cache_hits_total"), await shop.MetricAsync("catalog", "shop_cache_misses_total"));

        await shop.DoAsync("catalog", "list", 20);

        (await shop.MetricAsync("catalog", "shop_cache_hits_total")).ShouldBe(hits);
        (await shop.MetricAsync("catalog", "shop_cache_misses_total")).ShouldBe(misses + 20);
    }

    [Fact]
    public async Task An_exhausted_pool_fails_calls_and_gets_all_its_connections_back()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database", "inventory");
        await shop.InjectAsync("inventory", "pool-exhaustion");
        await shop.ExpectAsync("inventory", "shop_pool_used", used => used == 2);

        (await shop.DoAsync("inventory", "reserve")).ShouldBe(HttpStatusCode.ServiceUnavailable);

        await shop.StopFaultsAsync("inventory");
        (await shop.MetricAsync("inventory", "shop_pool_used")).ShouldBe(0);
        (await shop.DoAsync("inventory", "reserve")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_contended_lock_makes_requests_wait_for_it()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "cache");
        var before = await shop.MetricAsync("cache", "shop_lock_wait_seconds_total");
        await shop.InjectAsync("cache", "lock-contention");

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await shop.MetricAsync("cache", "shop_lock_wait_seconds_total")) - before < 0.3)
        {
            await shop.DoAsync("cache", "set");
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task A_slow_disk_takes_its_time_for_each_write()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "email");
        await shop.InjectAsync("email", "slow-disk");
        await shop.ExpectSlowAsync("email", "send", 0.4);
        var before = await shop.MetricAsync("email", "shop_disk_write_seconds_total");

        await shop.DoAsync("email", "send", 2);

        // 4 KiB at 4 KB/s.
        ((await shop.MetricAsync("email", "shop_disk_write_seconds_total")) - before).ShouldBeGreaterThan(0.9);
    }

    [Fact]
    public async Task A_retry_storm_gives_up_early_and_asks_again()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database", "cache", "users");
        (await shop.MetricAsync("users", "shop_client_retries_total")).ShouldBe(0);
        await shop.InjectAsync("users", "retry-storm");
        await shop.InjectAsync("database", "slow-dependency");

        await shop.ExpectRetriesAsync("users", "profile");

        await shop.StopFaultsAsync("users");
        await shop.StopFaultsAsync("database");
        (await shop.DoAsync("users", "profile", 5)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_noisy_neighbour_floods_the_callee_it_shares()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database", "batch");
        await shop.InjectAsync("batch", "noisy-neighbour");

        // More than its own pace could have brought in the same time: six at once, none of which pauses.
        await shop.ExpectAsync("batch", "shop_pool_used", used => used >= 4);
        await shop.StopFaultsAsync("batch");
        await shop.ExpectAsync("batch", "shop_pool_used", used => used == 0);
    }

    [Fact]
    public async Task A_processor_hog_and_a_leak_really_use_what_they_say()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "ads");
        var (cpu, memory) = (await shop.MetricAsync("ads", "process_cpu_seconds_total"), await shop.MetricAsync("ads", "process_resident_memory_bytes"));
        await shop.InjectAsync("ads", "memory-growth");
        await shop.ExpectAsync("ads", "process_resident_memory_bytes", now => now - memory > 60e6);
        await shop.InjectAsync("ads", "cpu-hog");

        await shop.ExpectAsync("ads", "process_cpu_seconds_total", now => now - cpu > 0.5);

        (await shop.DoAsync("ads", "pick", 5)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_surge_brings_more_users_and_its_end_sends_them_home()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, [.. ShopPlan.Shop.Services.Reverse().Select(service => service.Name), ShopPlan.Shop.Load]);
        await shop.ExpectAsync("load", "shop_users", users => users == 3);
        await shop.InjectAsync("load", "load-surge");
        await shop.ExpectAsync("load", "shop_users", users => users == 9);
        await shop.StopFaultsAsync("load");
        await shop.ExpectAsync("load", "shop_users", users => users == 3);

        await shop.ExpectAsync("load", "http_client_request_duration_seconds_count", count => count > 20);
        (await shop.MetricAsync("load", "http_client_request_duration_seconds_count", "http_response_status_code=\"200\""))
            .ShouldBe(await shop.MetricAsync("load", "http_client_request_duration_seconds_count"), tolerance: 20);
        foreach (var status in new[] { "502", "503", "504" })
            (await shop.MetricAsync("load", "http_client_request_duration_seconds_count", $"http_response_status_code=\"{status}\"")).ShouldBe(0);
    }

    [Fact]
    public async Task A_fault_ends_by_itself()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database", "catalog");
        (await shop.SendAsync(HttpMethod.Post, "catalog", "/chaos", new { fault = "pool-exhaustion", forSeconds = 1 })).Status.ShouldBe(HttpStatusCode.OK);

        await shop.ExpectNoFaultAsync("catalog");
        (await shop.MetricAsync("catalog", "shop_pool_used")).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"fault":"nonsense"}""", "There is no fault nonsense")]
    [InlineData("""{"fault":"retry-storm"}""", "There is no fault retry-storm for this service")]
    [InlineData("""{"fault":"cpu-hog","strength":0}""", "strength must be above 0")]
    [InlineData("""{"fault":"cpu-hog","strength":1.5}""", "strength must be above 0")]
    [InlineData("""{"fault":"cpu-hog","forSeconds":4000}""", "forSeconds must be")]
    [InlineData("""{"fault":"cpu-hog","rampSeconds":-1}""", "rampSeconds must be")]
    [InlineData("""{}""", "fault is required")]
    [InlineData("""[1]""", "must be an object")]
    public async Task A_bad_order_is_refused_in_one_sentence(string body, string says)
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "email");
        using var json = System.Text.Json.JsonDocument.Parse(body);

        var (status, text) = await shop.SendAsync(HttpMethod.Post, "email", "/chaos", json.RootElement);

        status.ShouldBe(HttpStatusCode.BadRequest);
        text.ShouldContain(says);
        (await shop.SendAsync(HttpMethod.Get, "email", "/chaos")).Text.ShouldBe("[]");
    }
}
