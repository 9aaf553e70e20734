using Microsoft.Playwright;
using Ops.Testing;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>Sign-in through an OpenID Connect provider: who comes in, as whom, and what is said to who does not.</summary>
public sealed class Oidc_tests(Dashboard sandbox)
{
    private const string Space = "signed";

    private static LocatorAssertionsToContainTextOptions Patient => new() { Timeout = Dashboard.Patience };

    [Fact]
    public async Task Who_signs_in_through_the_provider_sees_and_decides_what_RBAC_allows_that_user()
    {
        sandbox.Need();
        await GrantAsync();
        await Decision_tests.PlanAsync(sandbox, Space);
        await using var provider = await IdentityProvider.StartAsync(TestContext.Current.CancellationToken);
        await using var dashboard = await OwnDashboard.StartAsync(sandbox, provider.Settings);
        await using var context = await sandbox.ContextAsync(url: dashboard.Url);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/fleet?range=5m");
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("signin-provider.png") });
        (await Accessibility.SeriousAsync(page)).ShouldBeEmpty();
        await SignInAsync(page, "ada");

        await Expect(page).ToHaveURLAsync("/fleet?range=5m", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".user")).ToContainTextAsync("oidc:ada", Patient);
        await Expect(page.Locator("tr", new() { HasText = "qwen3-14b" }).First).ToBeVisibleAsync(new() { Timeout = Dashboard.Patience });
        await page.GotoAsync($"/remediations?plan={Space}%2Fplan");
        await Expect(page.Locator(".decision")).ToContainTextAsync("You may not decide", Patient);
        await Expect(page.Locator(".decision button")).ToHaveCountAsync(0, new() { Timeout = Dashboard.Patience });

        await LetDecideAsync();
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve as ada" }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("Approved", Patient);

        var session = (await context.CookiesAsync()).Single(cookie => cookie.Name.StartsWith("ops-session", StringComparison.Ordinal) && !cookie.Name.EndsWith("C2", StringComparison.Ordinal));
        (session.HttpOnly, session.SameSite).ShouldBe((true, SameSiteAttribute.Lax));
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/signin", new() { Timeout = Dashboard.Patience });
        provider.SignedOut.ShouldBe(1);
        await page.GotoAsync("/fleet");
        page.Url.ShouldContain("/signin?returnUrl=%2Ffleet");
        dashboard.Log.ShouldNotContain("eyJ", Case.Sensitive, "no token is logged");
    }

    [Fact]
    public async Task Who_does_not_come_in_reads_why_and_what_to_change()
    {
        sandbox.Need();
        await GrantAsync();
        await using var provider = await IdentityProvider.StartAsync(TestContext.Current.CancellationToken);
        await using var dashboard = await OwnDashboard.StartAsync(sandbox, provider.Settings);
        await using var context = await sandbox.ContextAsync(url: dashboard.Url);
        var page = await context.NewPageAsync();
        var problem = page.GetByRole(AriaRole.Alert);

        await page.GotoAsync("/signin");
        await SignInAsync(page, "nobody");
        await Expect(problem).ToContainTextAsync("access_denied", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("signin-refused.png") });
        await SignInAsync(page, "mallory");
        await Expect(problem).ToContainTextAsync("may not act as oidc:mallory in oidc:sre; grant it the verb impersonate as manifests/samples/dashboard-oidc.yaml", Patient);
        provider.Secret = "another";
        await SignInAsync(page, "ada");
        await Expect(problem).ToContainTextAsync("Correct Dashboard__Oidc__ClientId and Dashboard__Oidc__ClientSecretFile", Patient);
        await page.GotoAsync("/signin/callback?code=stolen&state=made-up");
        await Expect(problem).ToContainTextAsync("belongs to no sign-in of this browser", Patient);
        (await context.CookiesAsync()).ShouldNotContain(cookie => cookie.Name == "ops-session");

        await provider.DisposeAsync();
        await using var later = await OwnDashboard.StartAsync(sandbox, provider.Settings);
        await page.GotoAsync(later.Url + "/signin/provider");
        await Expect(problem).ToContainTextAsync("Dashboard__Oidc__Authority", Patient);
    }

    private static async Task SignInAsync(IPage page, string user)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Example" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = user, Exact = true }).ClickAsync();
    }

    // What an administrator does: the sample as it stands, and the role view for the group.
    private async Task GrantAsync()
    {
        using var kubectl = sandbox.Kubectl();
        (await kubectl.RunAsync(["apply", "-f", Path.Combine(Repository.Root, "manifests", "samples", "dashboard-oidc.yaml")], TestContext.Current.CancellationToken)).OrThrow();
        (await kubectl.RunAsync(["apply", "-f", "-"], TestContext.Current.CancellationToken, """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"sre"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"ops-view"},
             "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"oidc:sre"}]}
            """)).OrThrow();
    }

    private async Task LetDecideAsync()
    {
        await sandbox.SendAsync(HttpMethod.Post, $"/apis/rbac.authorization.k8s.io/v1/namespaces/{Space}/roles", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"ada"},"rules":[{"apiGroups":["ops.autonomic.dev"],"resources":["approvers"],"resourceNames":["ada"],"verbs":["patch"]}]}""");
        await sandbox.SendAsync(HttpMethod.Post, $"/apis/rbac.authorization.k8s.io/v1/namespaces/{Space}/rolebindings", """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"ada"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"ada"},
             "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"oidc:ada"}]}
            """);
    }
}
