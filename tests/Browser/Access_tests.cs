using System.Net;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>Who gets in, and what they may see.</summary>
public sealed class Access_tests(Dashboard dashboard)
{
    [Fact]
    public async Task A_token_that_the_API_server_refuses_signs_nobody_in()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync("/fleet?range=5m");
        await page.FillAsync("#token", "no-such-token");
        await page.ClickAsync("button[type=submit]");

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not accept this token", new() { Timeout = Dashboard.Patience });

        await page.FillAsync("#token", dashboard.AdminToken);
        await page.ClickAsync("button[type=submit]");
        await Expect(page).ToHaveURLAsync("/fleet?range=5m", new() { Timeout = Dashboard.Patience });
    }

    [Fact]
    public async Task A_user_without_rights_sees_what_is_missing_and_nothing_else()
    {
        dashboard.Need();
        var token = await dashboard.AccountAsync("newcomer");
        await using var context = await dashboard.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync("/");
        await page.FillAsync("#token", token);
        await page.ClickAsync("button[type=submit]");

        await Expect(page.Locator(".strip.bad")).ToContainTextAsync("You may not list anything", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".user")).ToContainTextAsync("system:serviceaccount:default:newcomer", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".verdict.bad")).ToContainTextAsync("Nothing can be seen", new() { Timeout = Dashboard.Patience });
        (await page.ContentAsync()).ShouldNotContain("qwen3-14b");
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("no-rights.png") });
    }

    [Fact]
    public async Task A_user_with_rights_in_one_namespace_names_it()
    {
        dashboard.Need();
        var token = await dashboard.AccountAsync("tenant");
        await dashboard.SendAsync(HttpMethod.Post, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"tenant"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"ops-view"},
             "subjects":[{"kind":"ServiceAccount","name":"tenant","namespace":"default"}]}
            """);
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context, token, "/fleet");
        await Expect(page.Locator(".strip.bad")).ToContainTextAsync("You may not list anything", new() { Timeout = Dashboard.Patience });

        await page.FillAsync("#ns", "default");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show it" }).ClickAsync();

        await Expect(page).ToHaveURLAsync("/fleet?ns=default", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator("tr", new() { HasText = "qwen3-14b" }).First).ToBeVisibleAsync(new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".strip.warn").First).ToContainTextAsync("You may not list", new() { Timeout = Dashboard.Patience });
    }

    [Fact]
    public async Task Who_signs_out_has_to_sign_in_again()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/signin", new() { Timeout = Dashboard.Patience });
        await page.GotoAsync("/fleet");
        page.Url.ShouldContain("/signin?returnUrl=%2Ffleet");
    }

    [Fact]
    public async Task Forms_want_their_antiforgery_token_and_pages_run_no_foreign_script()
    {
        dashboard.Need();
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(dashboard.Url) };
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = dashboard.AdminToken });
        using var refused = await client.PostAsync("/signin", form, TestContext.Current.CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        refused.Headers.Contains("Set-Cookie").ShouldBeFalse();

        using var page = await client.GetAsync("/signin", TestContext.Current.CancellationToken);
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        policy.Split(';').Single(rule => rule.Trim().StartsWith("script-src", StringComparison.Ordinal)).Trim().ShouldBe("script-src 'self'");

        using var hub = await client.PostAsync("/_blazor/negotiate?negotiateVersion=1", null, TestContext.Current.CancellationToken);
        hub.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "a circuit is opened only for who is signed in");
    }
}
