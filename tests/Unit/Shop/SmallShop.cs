using System.Globalization;
using System.Net;
using System.Net.Http.Json;

namespace Ops.Sandbox.Shop.Tests;

/// <summary>Some services of the shop, really listening on free ports of this machine; callees first.</summary>
internal sealed class SmallShop : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("shop-tests-").FullName;
    private readonly Dictionary<string, ShopServer> servers = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Starts services in the order given, each ready before the next.</summary>
    public static async Task<SmallShop> StartAsync(bool faults, params string[] services)
    {
        var shop = new SmallShop();
        foreach (var service in services)
            await shop.AddAsync(service, faults);
        return shop;
    }

    public Uri AddressOf(string service) => new($"http://{servers[service].Address}");

    /// <summary>Does an operation a number of times, one after the other; the last status.</summary>
    public async Task<HttpStatusCode> DoAsync(string service, string operation, int times = 1)
    {
        var status = HttpStatusCode.OK;
        for (var i = 0; i < times; i++)
        {
            using var response = await http.GetAsync(new Uri(AddressOf(service), $"/do/{operation}"));
            status = response.StatusCode;
        }

        return status;
    }

    public async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, string service, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(AddressOf(service), path)) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task InjectAsync(string service, string fault) =>
        (await SendAsync(HttpMethod.Post, service, "/chaos", new { fault })).ShouldSatisfyAllConditions(answer => answer.Status.ShouldBe(HttpStatusCode.OK, answer.Text));

    public async Task StopFaultsAsync(string service) => (await SendAsync(HttpMethod.Delete, service, "/chaos")).Status.ShouldBe(HttpStatusCode.OK);

    /// <summary>The sum of a metric's series whose labels hold a text.</summary>
    public async Task<double> MetricAsync(string service, string name, string labels = "") =>
        (await http.GetStringAsync(new Uri(AddressOf(service), "/metrics"))).Split('\n')
            .Where(line => (line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal)) && line.Contains(labels, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Waits until a metric is as wanted; a test that waits in vain fails.</summary>
    public async Task ExpectAsync(string service, string metric, Func<double, bool> wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!wanted(await MetricAsync(service, metric)))
            await Task.Delay(50, patience.Token);
    }

    /// <summary>Asks until an answer took at least so long: the fault is in force from then on.</summary>
    public Task ExpectSlowAsync(string service, string operation, double seconds) =>
        RepeatAsync(service, operation, "http_server_request_duration_seconds_sum", grown => grown >= seconds);

    /// <summary>Asks until the cache misses.</summary>
    public Task ExpectMissAsync(string service, string operation) => RepeatAsync(service, operation, "shop_cache_misses_total", grown => grown > 0);

    /// <summary>Asks until a call was tried again.</summary>
    public Task ExpectRetriesAsync(string service, string operation) => RepeatAsync(service, operation, "shop_client_retries_total", grown => grown > 0);

    /// <summary>Asks until packets are held back.</summary>
    public async Task ExpectDelayedAsync(string service)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var start = TimeProvider.System.GetTimestamp();
            await SendAsync(HttpMethod.Get, service, "/healthz");
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMilliseconds(290))
                return;
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits until no fault is under way.</summary>
    public async Task ExpectNoFaultAsync(string service)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await SendAsync(HttpMethod.Get, service, "/chaos")).Text != "[]")
            await Task.Delay(50, patience.Token);
    }

    private async Task RepeatAsync(string service, string operation, string metric, Func<double, bool> grown)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var before = await MetricAsync(service, metric);
            await DoAsync(service, operation);
            if (grown(await MetricAsync(service, metric) - before))
                return;
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers.Values.Reverse())
            await server.DisposeAsync();
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task AddAsync(string service, bool faults)
    {
        var server = ShopServer.Build(
            new ShopOptions
            {
                Service = service,
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Data = Path.Combine(folder, service),
                Users = 3,
                FaultsWanted = faults,
                AddressOf = AddressOf,
            },
            TimeProvider.System);
        servers[service] = server;
        await server.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await SendAsync(HttpMethod.Get, service, "/readyz")).Status != HttpStatusCode.OK)
            await Task.Delay(20, patience.Token);
    }
}
