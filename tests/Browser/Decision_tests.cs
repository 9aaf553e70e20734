using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>A person's word about a plan: what is shown, what is offered, and what the API server then holds.</summary>
public sealed class Decision_tests(Dashboard dashboard)
{
    private const string Group = "/apis/ops.autonomic.dev/v1alpha1/namespaces";
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task An_approval_is_written_for_the_plan_that_was_shown()
    {
        await using var context = await dashboard.ContextAsync();
        await PlanAsync("shown");
        var page = await dashboard.SignInAsync(context, path: "/remediations?plan=shown%2Fplan");
        await Expect(page.Locator(".decision .hash")).ToContainTextAsync(Hash, Patient);
        await Expect(page.Locator(".diff ins").First).ToContainTextAsync("2", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("remediation.png"), FullPage = true });

        await page.GetByRole(AriaRole.Button, new() { Name = "Approve as ada" }).ClickAsync();
        await Expect(page.Locator(".mud-dialog")).ToContainTextAsync(Hash, Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("approve.png") });
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();

        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("Approved", Patient);
        var decision = (await DecisionsAsync("shown"))!.Single()!;
        ((string?)decision["remediation"], (string?)decision["planHash"], (string?)decision["decision"]).ShouldBe(("plan", Hash, "approve"));
    }

    [Fact]
    public async Task A_plan_that_changed_after_it_was_shown_is_not_approved()
    {
        await using var context = await dashboard.ContextAsync();
        await PlanAsync("changed");
        var page = await dashboard.SignInAsync(context, path: "/remediations?plan=changed%2Fplan");
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve as ada" }).ClickAsync();
        await Expect(page.Locator(".mud-dialog")).ToContainTextAsync(Hash, Patient);

        await dashboard.SendAsync(HttpMethod.Patch, $"{Group}/changed/remediations/plan/status", $$"""{"status":{"planHash":"{{Hash.Replace('0', 'f')}}"} }""", "application/merge-patch+json");
        await Expect(page.Locator(".decision .hash")).ToContainTextAsync(Hash.Replace('0', 'f'), Patient);
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();

        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("no longer the one that was shown", Patient);
        (await DecisionsAsync("changed")).ShouldBeNull();
    }

    [Fact]
    public async Task A_user_who_may_only_look_is_offered_nothing()
    {
        await using var context = await dashboard.ContextAsync();
        await PlanAsync("looked");
        var token = await dashboard.AccountAsync("onlooker");
        await dashboard.SendAsync(HttpMethod.Post, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"onlooker"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"ops-view"},
             "subjects":[{"kind":"ServiceAccount","name":"onlooker","namespace":"default"}]}
            """);
        var page = await dashboard.SignInAsync(context, token, "/remediations?plan=looked%2Fplan");

        await Expect(page.Locator(".decision")).ToContainTextAsync("You may not decide", Patient);
        await Expect(page.Locator("tr", new() { HasText = "looked/policy" })).ToHaveCountAsync(1, new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".decision button, section[aria-labelledby=policies] button")).ToHaveCountAsync(0, new() { Timeout = Dashboard.Patience });
    }

    [Fact]
    public async Task The_kill_switch_is_the_policys_own_field()
    {
        await using var context = await dashboard.ContextAsync();
        await PlanAsync("stopped");
        var page = await dashboard.SignInAsync(context, path: "/remediations?plan=stopped%2Fplan");
        var row = page.Locator("tr", new() { HasText = "stopped/policy" });
        await row.GetByRole(AriaRole.Button, new() { Name = "Stop healing" }).ClickAsync();

        await Expect(row).ToContainTextAsync("Resume healing", new() { Timeout = Dashboard.Patience });
        var policy = JsonNode.Parse(await dashboard.Cluster.GetStringAsync($"{Group}/stopped/healingpolicies/policy", TestContext.Current.CancellationToken))!;
        ((bool?)policy["spec"]!["suspend"]).ShouldBe(true);
    }

    [Fact]
    public async Task What_somebody_asks_for_in_words_is_written_as_they_said_it()
    {
        await using var context = await dashboard.ContextAsync();
        await PlanAsync("worded");
        await dashboard.SendAsync(HttpMethod.Patch, $"{Group}/worded/healingpolicies/policy", """{"spec":{"llm":{"endpoint":"http://127.0.0.1:9/v1","deployment":"nobody"}}}""", "application/merge-patch+json");
        var page = await dashboard.SignInAsync(context, path: "/remediations?plan=worded%2Fplan");
        await page.GetByLabel("What do you want in worded?").FillAsync("scale catalog to 3");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator(".mud-snackbar")).ToContainTextAsync("Asked", Patient);
        await Expect(page.Locator("section[aria-labelledby=plan]")).ToContainTextAsync("In words: “scale catalog to 3”", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("request.png"), FullPage = true });
        var made = JsonNode.Parse(await dashboard.Cluster.GetStringAsync($"{Group}/worded/remediations", TestContext.Current.CancellationToken))!["items"]!.AsArray().Single(one => ((string?)one!["metadata"]!["name"])!.StartsWith("asked-", StringComparison.Ordinal))!;
        ((string?)made["spec"]!["request"], (string?)made["spec"]!["policy"], (string?)made["spec"]!["planner"]).ShouldBe(("scale catalog to 3", "policy", "person"));
    }

    private static LocatorAssertionsToContainTextOptions Patient => new() { Timeout = Dashboard.Patience };

    private Task PlanAsync(string space) => PlanAsync(dashboard, space);

    private async Task<JsonArray?> DecisionsAsync(string space) =>
        JsonNode.Parse(await dashboard.Cluster.GetStringAsync($"{Group}/{space}/approvers/ada", TestContext.Current.CancellationToken))!["spec"]?["decisions"] as JsonArray;

    // Objects as the healer leaves them while it waits, in a namespace of the test's own that the healer may not read.
    internal static async Task PlanAsync(Dashboard dashboard, string space)
    {
        await dashboard.SendAsync(HttpMethod.Post, "/api/v1/namespaces", $$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{space}}"} }""");
        await dashboard.SendAsync(HttpMethod.Post, $"{Group}/{space}/approvers", """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Approver","metadata":{"name":"ada"},"spec":{}}""");
        await dashboard.SendAsync(HttpMethod.Post, $"{Group}/{space}/healingpolicies", """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"HealingPolicy","metadata":{"name":"policy"},"spec":{"autonomy":"suggest"}}""");
        await dashboard.SendAsync(HttpMethod.Post, $"{Group}/{space}/remediations", """
            {"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Remediation","metadata":{"name":"plan"},"spec":{"policy":"policy","incident":"i1","cause":"TooFewReplicas","attempt":1,"approveWithin":"15m",
             "rationale":"catalog answers slowly since one of its two replicas is gone.","actions":[{"type":"ScaleWorkload","target":{"kind":"Deployment","name":"catalog"},"parameters":{"replicas":"2"}}]}}
            """);
        await dashboard.SendAsync(HttpMethod.Patch, $"{Group}/{space}/remediations/plan/status", $$"""
            {"status":{"phase":"AwaitingApproval","reason":"The policy asks for a person.","planHash":"{{Hash}}","steps":[{"state":"Checked","changes":[{"path":"/spec/replicas","before":"1","after":"2"}]}],
             "audit":[{"time":"2026-03-04T12:00:00Z","event":"Proposed","detail":"Proposed it","hash":"134eee6fe9337f9bb800eb9c638bf3fd5466cfb005e8beb1a12085501205d3b6"}]} }
            """, "application/merge-patch+json");
    }
}
