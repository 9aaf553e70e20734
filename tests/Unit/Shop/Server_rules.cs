using System.Net;
using System.Net.Sockets;

namespace Ops.Sandbox.Shop.Tests;

/// <summary>Services that really call each other.</summary>
public sealed class Server_rules
{
    [Fact]
    public async Task A_request_travels_and_both_ends_of_the_call_report_it()
    {
        await using var shop = await SmallShop.StartAsync(faults: false, "database", "catalog");
        var before = await shop.MetricAsync("database", "http_server_request_duration_seconds_count", "caller=\"catalog\"");

        // 400 keys, popular ones first: fifty requests find a cold cache many times.
        (await shop.DoAsync("catalog", "get", 50)).ShouldBe(HttpStatusCode.OK);

        (await shop.MetricAsync("catalog", "http_server_request_duration_seconds_count", "http_response_status_code=\"200\"")).ShouldBe(50);
        var arrived = await shop.MetricAsync("database", "http_server_request_duration_seconds_count", "caller=\"catalog\"");
        arrived.ShouldBeGreaterThan(before);
        (await shop.MetricAsync("catalog", "http_client_request_duration_seconds_count", "server_address=\"database\"")).ShouldBe(arrived);
        (await shop.MetricAsync("catalog", "shop_cache_misses_total")).ShouldBe(arrived);
        (await shop.MetricAsync("catalog", "shop_pool_size")).ShouldBe(2);
        (await shop.MetricAsync("catalog", "shop_pool_used")).ShouldBe(0);
        (await shop.MetricAsync("catalog", "process_resident_memory_bytes")).ShouldBeGreaterThan(1e6);
    }

    [Fact]
    public async Task A_write_is_on_disk_and_counted()
    {
        await using var shop = await SmallShop.StartAsync(faults: false, "database");
        var (writes, bytes) = (await shop.MetricAsync("database", "shop_disk_writes_total"), await shop.MetricAsync("database", "shop_disk_written_bytes_total"));

        await shop.DoAsync("database", "insert", 3);

        (await shop.MetricAsync("database", "shop_disk_writes_total")).ShouldBe(writes + 3);
        (await shop.MetricAsync("database", "shop_disk_written_bytes_total")).ShouldBe(bytes + (3 * 2048));
    }

    [Fact]
    public async Task Requests_beyond_what_may_wait_are_refused()
    {
        await using var shop = await SmallShop.StartAsync(faults: true, "database");
        // Four workers and room for forty: more at once than that are refused while each waits half a second.
        await shop.InjectAsync("database", "slow-dependency");
        var flood = Enumerable.Range(0, 120).Select(_ => shop.DoAsync("database", "select")).ToList();
        var statuses = await Task.WhenAll(flood);

        statuses.ShouldContain(HttpStatusCode.ServiceUnavailable);
        statuses.ShouldContain(HttpStatusCode.OK);
        (await shop.MetricAsync("database", "http_server_request_duration_seconds_count", "http_response_status_code=\"503\""))
            .ShouldBe(statuses.Count(status => status == HttpStatusCode.ServiceUnavailable));
    }

    [Fact]
    public async Task A_caller_that_names_itself_is_a_label_and_a_stranger_is_not()
    {
        await using var shop = await SmallShop.StartAsync(faults: false, "database", "cache", "users");
        await shop.DoAsync("users", "session", 5);

        (await shop.MetricAsync("users", "http_server_request_duration_seconds_count", "caller=\"unknown\"")).ShouldBe(5);
        (await shop.MetricAsync("cache", "http_server_request_duration_seconds_count", "caller=\"users\"")).ShouldBeGreaterThanOrEqualTo(5);
    }

    [Fact]
    public async Task A_callee_that_resets_every_connection_is_asked_again_until_it_is_there()
    {
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        nobody.Listen();
        var folder = Directory.CreateTempSubdirectory("shop-tests-").FullName;
        await using var cart = ShopServer.Build(
            new ShopOptions { Service = "cart", Listen = new IPEndPoint(IPAddress.Loopback, 0), Data = folder, AddressOf = _ => new Uri($"http://{nobody.LocalEndPoint}") },
            TimeProvider.System);
        await cart.StartAsync();

        for (var asked = 0; asked < 6; asked++)
        {
            // Reset at once, as a Service without endpoints does.
            using var connection = await nobody.AcceptAsync();
            connection.LingerState = new LingerOption(true, 0);
        }

        using var http = new HttpClient();
        (await http.GetAsync(new Uri($"http://{cart.Address}/readyz"))).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("/do/nothing", "offers select, insert, scan")]
    [InlineData("/nowhere", "There is no GET /nowhere here")]
    [InlineData("/chaos", "There is no GET /chaos here")]
    public async Task What_does_not_exist_is_told(string path, string says)
    {
        await using var shop = await SmallShop.StartAsync(faults: false, "database");

        var (status, text) = await shop.SendAsync(HttpMethod.Get, "database", path);

        status.ShouldBe(HttpStatusCode.NotFound);
        text.ShouldContain(says);
    }
}
