using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Ops.Browser;
using Ops.FleetScenario;
using Ops.Testing;
using static Microsoft.Playwright.Assertions;

[assembly: AssemblyFixture(typeof(Dashboard))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Ops.Browser;

/// <summary>The real ./ops up with its sample fleet, and a real browser; both started once for all tests.</summary>
public sealed class Dashboard : IAsyncLifetime
{
    // Generous on purpose: nothing here asserts a time.
    internal const int Patience = 60_000;

    private readonly string folder = Directory.CreateTempSubdirectory("ops-browser-").FullName;
    private OpsProcess? up;
    private IPlaywright? playwright;
    private IBrowser? browser;
    private HttpClient? cluster;
    private string? missing;

    internal string Url => up!.Value("dashboard");

    internal string AdminToken => Token;

    /// <summary>The state folder, for other commands.</summary>
    internal string State => Path.Combine(folder, "state");

    /// <summary>The API server with the administrator's token.</summary>
    internal HttpClient Cluster => cluster!;

    private string Token { get; set; } = "";

    public async ValueTask InitializeAsync()
    {
        missing = await Chromium.MissingAsync(TestContext.Current.CancellationToken);
        if (missing is not null)
            return;
        // A port of this process's own, so that the suite runs beside a user's ./ops up.
        var port = FreePort.ForNode().ToString(CultureInfo.InvariantCulture);
        up = OpsProcess.Start("up", "--fresh", "--state", State, "--api-port", "0", "--router-port", port);
        var starting = up.ReadyAsync(TimeSpan.FromSeconds(150));
        playwright = await Playwright.CreateAsync();
        browser = await Chromium.LaunchAsync(playwright);
        await starting;
        Token = up.Value("sign in");
        var address = up.Output.Split('\n').First(line => line.Contains("api server", StringComparison.Ordinal)).Split(' ')[^1];
        cluster = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(30) };
        cluster.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    public async ValueTask DisposeAsync()
    {
        cluster?.Dispose();
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
        if (up is not null)
            await up.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Skips the test where there is no browser.</summary>
    internal void Need() => Assert.SkipWhen(missing is not null, missing ?? "");

    /// <summary>A browser of its own: other cookies, another size or theme.</summary>
    internal async Task<IBrowserContext> ContextAsync(ColorScheme theme = ColorScheme.Light, int width = 1280, int height = 720, string? url = null)
    {
        Need();
        var context = await browser!.NewContextAsync(new() { BaseURL = url ?? Url, ColorScheme = theme, ViewportSize = new() { Width = width, Height = height } });
        context.SetDefaultTimeout(Patience);
        return context;
    }

    /// <summary>Signs in and returns the page that follows.</summary>
    internal async Task<IPage> SignInAsync(IBrowserContext context, string? token = null, string path = "/")
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(path);
        await page.FillAsync("#token", token ?? Token);
        await page.ClickAsync("button[type=submit]");
        // Not by WaitForURL: it first looks and then listens, and would wait for ever for what comes in between.
        await Expect(page.Locator("#token")).ToHaveCountAsync(0, new() { Timeout = Patience });
        await page.Locator("h1").WaitForAsync();
        return page;
    }

    /// <summary>Where screenshots and other results go: beside the reports of the suite.</summary>
    internal static string Results(string name) =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "test-results", "browser")).FullName, name);

    internal async Task<JsonObject> SendAsync(HttpMethod method, string path, string body, string mediaType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, mediaType) };
        using var response = await Cluster.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {text}");
        return JsonNode.Parse(text)!.AsObject();
    }

    internal async Task<JsonObject> GetAsync(string path) =>
        JsonNode.Parse(await Cluster.GetStringAsync(path, TestContext.Current.CancellationToken))!.AsObject();

    /// <summary>The administrator's kubeconfig.</summary>
    internal string Kubeconfig => File.ReadAllText(up!.Value("kubeconfig"));

    /// <summary>The stock kubectl with all rights.</summary>
    internal Kubectl Kubectl() => new(Kubeconfig);

    /// <summary>A service account without any right of its own, and its token.</summary>
    internal async Task<string> AccountAsync(string name)
    {
        await SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/serviceaccounts", $$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{name}}"} }""");
        var answer = await SendAsync(HttpMethod.Post, $"/api/v1/namespaces/default/serviceaccounts/{name}/token", """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}""");
        return (string)answer["status"]!["token"]!;
    }
}
