using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Microsoft.Playwright;
using Ops.Bench.Controller;
using Ops.Browser;
using Ops.FleetScenario;
using Ops.Testing;

namespace Ops.Bench.Dashboard;

/// <summary>The real ./ops up with its sample fleet under a little load, a real browser, and a relay between the two that counts.</summary>
internal sealed class DashboardSite : IAsyncDisposable
{
    private const int Patience = 60_000;
    private const string Pool = "/apis/ops.autonomic.dev/v1alpha1/namespaces/default/modelpools/qwen3-14b";

    private readonly string folder = Directory.CreateTempSubdirectory("ops-bench-dashboard-").FullName;
    private readonly CancellationTokenSource ending = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private OpsProcess? up;
    private IPlaywright? playwright;
    private IBrowser? browser;
    private string? session;
    private Task asking = Task.CompletedTask;

    /// <summary>Between browser and dashboard.</summary>
    public ByteRelay Relay { get; private set; } = null!;

    /// <summary>The dashboard's resident memory in MiB.</summary>
    public double ResidentMb => ProcessUsage.ResidentMb(ProcessId);

    /// <summary>CPU seconds of the dashboard so far.</summary>
    public double CpuSeconds => Router.ProcessCpu.Seconds(ProcessId);

    private int ProcessId { get; set; }

    /// <summary>Starts all of it and signs in once.</summary>
    public static async Task<DashboardSite> StartAsync(CancellationToken cancellation)
    {
        if (await Chromium.MissingAsync(cancellation) is { } missing)
            throw new BenchCannotRunException(missing);
        var site = new DashboardSite();
        try
        {
            var port = FreePort.ForNode().ToString(CultureInfo.InvariantCulture);
            site.up = OpsProcess.Start("up", "--fresh", "--state", Path.Combine(site.folder, "state"), "--api-port", "0", "--router-port", port);
            await site.up.ReadyAsync(TimeSpan.FromSeconds(150));
            site.ProcessId = Shell.Descendants(site.up.Id).FirstOrDefault(pid => File.ReadAllText($"/proc/{pid}/comm").Trim() == "Ops.Dashboard");
            if (site.ProcessId == 0)
                throw new BenchCannotRunException("no dashboard runs below ./ops up");
            site.Relay = new(new Uri(site.up.Value("dashboard")));
            site.playwright = await Playwright.CreateAsync();
            site.browser = await Chromium.LaunchAsync(site.playwright);
            site.asking = site.AskAsync();
            await site.SignInAsync();
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
        if (Relay is not null)
            await Relay.DisposeAsync();
        if (up is not null)
            await up.DisposeAsync();
        http.Dispose();
        ending.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A browser with an empty cache that is signed in.</summary>
    public async Task<IBrowserContext> ContextAsync(string? address = null)
    {
        var context = await browser!.NewContextAsync(new() { BaseURL = address ?? Relay.Url, StorageState = session, ViewportSize = new() { Width = 1280, Height = 720 } });
        context.SetDefaultTimeout(Patience);
        return context;
    }

    /// <summary>A sample of the dashboard's own metrics.</summary>
    public async Task<double> MetricAsync(string name, CancellationToken cancellation)
    {
        var text = await http.GetStringAsync(up!.Value("dashboard") + "/metrics", cancellation);
        return double.Parse(text.Split('\n').First(line => line.StartsWith(name + " ", StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <summary>Changes the cluster ten times a second, so that every viewer always has something to draw, until cancelled.</summary>
    public async Task StirAsync(CancellationToken cancellation)
    {
        var api = up!.Output.Split('\n').First(line => line.Contains("api server", StringComparison.Ordinal)).Split(' ')[^1];
        for (var i = 0; !cancellation.IsCancellationRequested; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, api.TrimEnd('/') + Pool)
            {
                Content = new StringContent($$"""{"metadata":{"annotations":{"bench":"{{i}}"} } }""", Encoding.UTF8, "application/merge-patch+json"),
            };
            request.Headers.Authorization = new("Bearer", up.Value("sign in"));
            using var answer = await http.SendAsync(request, cancellation);
            answer.EnsureSuccessStatusCode();
            await Task.Delay(100, cancellation);
        }
    }

    // Four questions a second: figures move as in a quiet hour.
    private async Task AskAsync()
    {
        var body = new { model = "chat", max_tokens = 8, messages = (object[])[new { role = "user", content = "Hello" }] };
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, up!.Value("router") + "/v1/chat/completions") { Content = JsonContent.Create(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", up.Value("key"));
            using var answer = await http.SendAsync(request, ending.Token);
            await answer.Content.ReadAsByteArrayAsync(ending.Token);
            await Task.Delay(250, ending.Token);
        }
    }

    private async Task SignInAsync()
    {
        await using var context = await browser!.NewContextAsync(new() { BaseURL = Relay.Url });
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");
        await page.FillAsync("#token", up!.Value("sign in"));
        await page.ClickAsync("button[type=submit]");
        await page.Locator("h1").WaitForAsync();
        session = await context.StorageStateAsync();
    }
}
