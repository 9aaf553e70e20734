using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>What a page does while somebody watches it.</summary>
public sealed class Live_tests(Dashboard dashboard)
{
    private const string Incidents = "/apis/ops.autonomic.dev/v1alpha1/namespaces/default/incidents";

    private static readonly LocatorAssertionsToBeVisibleOptions Patient = new() { Timeout = Dashboard.Patience };

    [Fact]
    public async Task An_incident_appears_while_watching_without_a_reload()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context, path: "/incidents");
        await page.EvaluateAsync("window.sameDocument = true");

        await dashboard.SendAsync(HttpMethod.Post, Incidents, """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Incident","metadata":{"name":"seen"},"spec":{}}""");
        await dashboard.SendAsync(HttpMethod.Patch, $"{Incidents}/seen/status", Status, "application/merge-patch+json");

        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "shop/web: request mean" })).ToBeVisibleAsync(Patient);
        await Expect(page.Locator("tr", new() { HasText = "shop/catalog" }).First).ToBeVisibleAsync(Patient);
        // The newest is shown by itself, and another test's may be newer.
        await page.GetByRole(AriaRole.Link, new() { Name = "shop/web: request mean" }).ClickAsync();
        await Expect(page.Locator(".graph .node.critical", new() { HasText = "catalog" })).ToBeVisibleAsync(Patient);
        await Expect(page.Locator(".graph .edge-label", new() { HasText = "+20.0 s" })).ToBeVisibleAsync(Patient);
        await Expect(page.Locator(".rail .badge").First).ToBeVisibleAsync(Patient);
        (await page.EvaluateAsync<bool>("window.sameDocument === true")).ShouldBeTrue();
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("incident-open.png"), FullPage = true });

        await page.GotoAsync("/");
        await Expect(page.Locator(".verdict.bad")).ToBeVisibleAsync(Patient);
        var row = page.Locator(".attention tr", new() { HasText = "default/seen" });
        await Expect(row).ToContainTextAsync("Most suspect: shop/catalog", new() { Timeout = Dashboard.Patience });
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("overview-incident.png") });
        using var deleted = await dashboard.Cluster.DeleteAsync($"{Incidents}/seen", TestContext.Current.CancellationToken);
        await Expect(row).ToHaveCountAsync(0, new() { Timeout = Dashboard.Patience });
    }

    [Fact]
    public async Task After_the_server_restarts_a_page_opens_again_by_itself_and_still_signed_in()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context, path: "/fleet?range=5m&pool=default%2Fqwen3-14b");
        await Expect(page.Locator("h2#pool")).ToContainTextAsync("qwen3-14b", new() { Timeout = Dashboard.Patience });
        await page.EvaluateAsync("window.sameDocument = true");

        using var deleted = await dashboard.Cluster.DeleteAsync("/api/v1/namespaces/ops-system/pods?labelSelector=app.kubernetes.io/component=dashboard", TestContext.Current.CancellationToken);
        deleted.IsSuccessStatusCode.ShouldBeTrue();

        await NewDocumentAsync(page);
        await Expect(page.Locator("h2#pool")).ToContainTextAsync("qwen3-14b", new() { Timeout = Dashboard.Patience });
        page.Url.ShouldEndWith("/fleet?range=5m&pool=default%2Fqwen3-14b");
        await Expect(page.Locator(".choice button.on", new() { HasText = "5m" })).ToBeVisibleAsync(Patient);
    }

    [Fact]
    public async Task Keys_lead_to_pages_and_pause_is_seen_and_kept_in_the_address()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context);
        await Expect(page.Locator("html[data-keys]")).ToHaveCountAsync(1, new() { Timeout = Dashboard.Patience });

        // The second key counts within 1.2 s of the first, which a busy machine may miss: a person presses them again.
        for (var again = 0; again < 12 && !page.Url.EndsWith("/fleet", StringComparison.Ordinal); again++)
        {
            await page.Keyboard.PressAsync("g");
            await page.Keyboard.PressAsync("f");
            await Expect(page).ToHaveURLAsync("/fleet", new() { Timeout = 5000 }).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        page.Url.ShouldEndWith("/fleet");
        await page.Keyboard.PressAsync("1");
        await Expect(page).ToHaveURLAsync("/fleet?range=5m", new() { Timeout = Dashboard.Patience });
        await page.Keyboard.PressAsync("p");
        await Expect(page.Locator(".strip.warn")).ToContainTextAsync("Paused at", new() { Timeout = Dashboard.Patience });
        page.Url.ShouldContain("at=");

        await page.ReloadAsync();
        await Expect(page.Locator(".strip.warn")).ToContainTextAsync("Paused at", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator("html[data-keys]")).ToHaveCountAsync(1, new() { Timeout = Dashboard.Patience });
        await page.Keyboard.PressAsync("?");
        await Expect(page.Locator(".mud-dialog")).ToContainTextAsync("Pause and resume", new() { Timeout = Dashboard.Patience });
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("help.png") });
    }

    [Fact]
    public async Task Fifty_viewers_see_the_same_change()
    {
        await using var context = await dashboard.ContextAsync(width: 800, height: 600);
        var first = await dashboard.SignInAsync(context, path: "/fleet");
        var pages = new List<IPage> { first };
        foreach (var _ in Enumerable.Range(0, 49))
            pages.Add(await context.NewPageAsync());
        await Task.WhenAll(pages.Skip(1).Select(page => page.GotoAsync("/fleet", new() { WaitUntil = WaitUntilState.Commit })));
        await EachShowsAsync(pages, "of 2");
        TestContext.Current.SendDiagnosticMessage("memory of the dashboard with 50 viewers: {0}", MemoryOfServer());

        await dashboard.SendAsync(HttpMethod.Patch, "/apis/ops.autonomic.dev/v1alpha1/namespaces/default/modelpools/llama-3-1-8b", """{"spec":{"replicas":1}}""", "application/merge-patch+json");

        await EachShowsAsync(pages, "of 1");
    }

    private static Task EachShowsAsync(IEnumerable<IPage> pages, string text) => Task.WhenAll(pages.Select(page =>
        Expect(page.Locator("tr", new() { HasText = "llama-3-1-8b" }).First).ToContainTextAsync(text, new() { Timeout = 2 * Dashboard.Patience })));

    // The page's policy lets no text be run as a script, so Playwright cannot wait inside it.
    private static async Task NewDocumentAsync(IPage page)
    {
        for (var left = Dashboard.Patience; left > 0; left -= 200)
        {
            try
            {
                if (await page.EvaluateAsync<bool>("window.sameDocument === undefined && document.readyState === 'complete'"))
                    return;
            }
            catch (PlaywrightException)
            {
                // The document is being replaced just now.
            }

            await Task.Delay(200);
        }

        throw new InvalidOperationException($"The page did not open again by itself; it shows: {await page.Locator("body").InnerTextAsync()}");
    }

    private static string MemoryOfServer() => string.Join(", ", Directory.EnumerateDirectories("/proc")
        .Where(folder => int.TryParse(Path.GetFileName(folder), out _) && File.Exists(folder + "/comm") && File.ReadAllText(folder + "/comm").Trim() == "Ops.Dashboard")
        .Select(folder => File.ReadLines(folder + "/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))["VmRSS:".Length..].Trim()));

    internal const string Status = """
        {"status":{"phase":"Open","symptom":"shop/web: request mean","symptomCount":2,"cause":"shop/catalog","reason":"It moved first and its callers followed.",
        "onset":"2026-03-04T12:00:00Z","detectedAt":"2026-03-04T12:00:40Z","window":{"start":"2026-03-04T11:50:00Z","end":"2026-03-04T12:01:00Z","metrics":120},
        "symptoms":[{"target":{"namespace":"shop","name":"catalog"},"metric":"cpu","since":"2026-03-04T12:00:00Z","before":0.2,"now":0.98,"deviations":31},
                    {"target":{"namespace":"shop","name":"web"},"metric":"request mean","since":"2026-03-04T12:00:20Z","before":0.012,"now":0.31,"deviations":18}],
        "causes":[{"rank":1,"target":{"namespace":"shop","name":"catalog"},"metric":"cpu","score":0.62,"lagSeconds":0,"reasons":["Its cpu left its usual range first."]},
                  {"rank":2,"target":{"namespace":"shop","name":"web"},"metric":"request mean","score":0.2,"lagSeconds":20,"reasons":["It calls catalog."]}],
        "edges":[{"from":{"namespace":"shop","name":"catalog"},"to":{"namespace":"shop","name":"web"},"kind":"granger","lagSeconds":20,"strength":0.4}],
        "evidence":["<b>names are text</b>"]}}
        """;
}
