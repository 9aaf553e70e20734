using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Ops.FleetScenario;
using Ops.Testing;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>From healthy to broken to repaired, with the real operator, watched and decided in one document of the browser.</summary>
public sealed class Healing_tests(Dashboard dashboard)
{
    private const string Ns = "healed";
    private const string Group = "/apis/ops.autonomic.dev/v1alpha1/namespaces/" + Ns;

    private static readonly LocatorAssertionsToBeVisibleOptions Visible = new() { Timeout = Dashboard.Patience };
    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = Dashboard.Patience };

    [Fact]
    public async Task A_mistake_is_seen_explained_approved_and_healed_without_a_reload()
    {
        await using var context = await dashboard.ContextAsync();
        Assert.SkipWhen(Kubectl.WhyMissing() is not null, Kubectl.WhyMissing() ?? "");
        await StartAsync();
        var page = await dashboard.SignInAsync(context, path: "/remediations");
        await page.EvaluateAsync("window.sameDocument = true");
        // Nothing is at fault, and what is right is remembered: the Deployment, its Service and its settings.
        await Expect(page.Locator("tr", new() { HasText = Ns + "/shop" }).Locator("td").Nth(4)).ToHaveTextAsync("0", new() { Timeout = Dashboard.Patience });
        await RememberedAsync();
        await page.Locator(".rail a", new() { HasText = "Overview" }).ClickAsync();
        await Expect(page.Locator("#attention")).ToBeVisibleAsync(Visible);
        await Expect(page.Locator(".attention tr", new() { HasText = Ns })).ToHaveCountAsync(0);

        var (code, said) = await OpsProcess.RunAsync(TimeSpan.FromSeconds(60), "chaos", "inject", "wrong-target-port", "--namespace", Ns, "--state", dashboard.State);
        code.ShouldBe(0, said);

        // Seen. The incident and its plan are rows of their own, and the newer of the two stands first.
        var row = page.Locator(".attention tr", new() { HasText = "WrongTargetPort" });
        await Expect(row.Filter(new() { HasText = "Incident" })).ToContainTextAsync($"{Ns}/currency", Patient);
        await Expect(row.Filter(new() { HasText = "Waits for a person" })).ToBeVisibleAsync(Visible);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("healing-1-seen.png") });

        // Explained.
        await row.Filter(new() { HasText = "Incident" }).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator("h2#incident")).ToContainTextAsync("WrongTargetPort", Patient);
        await Expect(page.Locator("main")).ToContainTextAsync("9999", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("healing-2-explained.png"), FullPage = true });

        // Approved.
        await page.Locator(".plans a").First.ClickAsync();
        await Expect(page.Locator("h2#plan")).ToContainTextAsync("Service/currency", Patient);
        await Expect(page.Locator(".diff del").First).ToContainTextAsync("9999", Patient);
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve as ada" }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();

        // Healed.
        await Expect(page.Locator(".detail .facts")).ToContainTextAsync("succeeded", Patient);
        await Expect(page.Locator(".detail .facts")).ToContainTextAsync("approved by ada", Patient);
        await Expect(page.GetByText("hash chain holds")).ToBeVisibleAsync(Visible);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("healing-3-healed.png"), FullPage = true });
        await page.Locator(".rail a", new() { HasText = "Overview" }).ClickAsync();
        await Expect(page.Locator("#attention")).ToBeVisibleAsync(Visible);
        await Expect(page.Locator(".attention tr", new() { HasText = Ns })).ToHaveCountAsync(0, new() { Timeout = Dashboard.Patience });
        await TargetPortAsync("http");

        // Undone, at the same gate: a plan of its own that says who asks, and that somebody must approve.
        await page.Locator(".rail a", new() { HasText = "Remediations" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "succeeded" }).ClickAsync();
        await Expect(page).ToHaveURLAsync("/remediations?state=succeeded", new() { Timeout = Dashboard.Patience });
        await page.Locator(".list a", new() { HasText = "RestoreService Service/currency" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo", Exact = true }).ClickAsync();
        await Expect(page.Locator("h2#plan")).ToContainTextAsync("UndoRestoreService Service/currency", Patient);
        await Expect(page.Locator(".audit")).ToContainTextAsync("kubernetes-admin asks to take", Patient);
        await Expect(page.Locator(".diff ins").First).ToContainTextAsync("9999", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("undo.png"), FullPage = true });
        await page.GetByRole(AriaRole.Button, new() { Name = "Approve as ada" }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Approve" }).ClickAsync();
        await Expect(page.Locator(".audit")).ToContainTextAsync("UndoRestoreService Service currency", Patient);
        await TargetPortAsync("9999");
        (await page.EvaluateAsync<bool>("window.sameDocument === true")).ShouldBeTrue("nothing was reloaded");
    }

    private async Task TargetPortAsync(string wanted) =>
        (await dashboard.GetAsync($"/api/v1/namespaces/{Ns}/services/currency"))["spec"]!["ports"]![0]!["targetPort"]!.ToString().ShouldBe(wanted);

    // One service of the sample shop that calls no other, under the sample policy, and a person who may approve.
    private async Task StartAsync()
    {
        var samples = Path.Combine(Repository.Root, "manifests", "samples");
        var documents = new List<string>
        {
            $"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {Ns}",
            """{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Approver","metadata":{"name":"ada"},"spec":{}}""",
            (await File.ReadAllTextAsync(Path.Combine(samples, "healing.yaml"))).Replace("verifyWithin: 30s", "verifyWithin: 2s", StringComparison.Ordinal),
            await File.ReadAllTextAsync(Path.Combine(samples, "shop", "settings.yaml")),
        };
        foreach (var file in (string[])["deployments.yaml", "services.yaml"])
            documents.AddRange((await File.ReadAllTextAsync(Path.Combine(samples, "shop", file))).Split("\n---\n").Where(text => text.Contains("metadata:\n  name: currency\n", StringComparison.Ordinal)));
        using var kubectl = dashboard.Kubectl();
        (await kubectl.RunAsync(["-n", Ns, "apply", "-f", "-"], TestContext.Current.CancellationToken, string.Join("\n---\n", documents))).OrThrow();
    }

    // A count would not do: the namespace, its node and its settings are remembered before the first pod is ready, and what was
    // never seen to work is nobody's fault.
    private async Task RememberedAsync()
    {
        JsonNode? memory = null;
        for (var left = Dashboard.Patience; left > 0; left -= 200)
        {
            var list = await dashboard.GetAsync($"/api/v1/namespaces/ops-system/configmaps?fieldSelector=metadata.name=healing-memory-{Ns}");
            memory = list["items"]!.AsArray().FirstOrDefault()?["data"];
            if (memory?["Deployment.currency"] is not null && memory["Service.currency"] is not null && memory["ConfigMap.shop"] is not null)
                return;
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"The good state was not remembered; the memory has {memory?.ToJsonString() ?? "nothing"}.");
    }
}
