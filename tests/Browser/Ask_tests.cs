using Microsoft.Playwright;
using Ops.HealingScenario;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>The page Ask with a scripted model: what is looked up is shown, its words are text, and it is there only where configured.</summary>
public sealed class Ask_tests(Dashboard sandbox)
{
    private const string Words = "The chat route would meet less. <b>bold</b> [link](http://127.0.0.1/evil)";

    private static LocatorAssertionsToContainTextOptions Patient => new() { Timeout = Dashboard.Patience };

    [Theory]
    [InlineData("light", 1280, 720)]
    [InlineData("dark", 1280, 720)]
    [InlineData("phone", 390, 844)]
    public async Task A_question_is_answered_from_queries_that_are_shown_and_what_if_by_the_simulator(string look, int width, int height)
    {
        sandbox.Need();
        await using var model = await ScriptedModel.StartAsync(new("table", Table), TestContext.Current.CancellationToken);
        await using var dashboard = await OwnDashboard.StartAsync(sandbox, _ => Settings(model));
        await using var context = await sandbox.ContextAsync(look == "dark" ? ColorScheme.Dark : ColorScheme.Light, width, height, dashboard.Url);
        var page = await sandbox.SignInAsync(context, path: "/");
        await page.GetByRole(AriaRole.Link, new() { Name = "Ask" }).ClickAsync();
        (await Accessibility.SeriousAsync(page)).ShouldBeEmpty();

        await AskAsync(page, "What if the load doubled?");

        await Expect(page.Locator(".words")).ToContainTextAsync(Words, Patient);
        (await page.Locator(".words *").CountAsync()).ShouldBe(0, "an answer is text");
        await Expect(Query(page, "list")).ToContainTextAsync("default/qwen3-14b", Patient);
        var simulated = Query(page, "what_if");
        await Expect(simulated).ToContainTextAsync("load_factor 2, route default/chat", Patient);
        await Expect(simulated.Locator("tr", new() { HasText = "load" })).ToContainTextAsync("+100 %", Patient);
        await Expect(Query(page, "delete_pod")).ToContainTextAsync("there is no such query", Patient);
        page.Url.ShouldContain("question=");
        (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
        (await Accessibility.SeriousAsync(page)).ShouldBeEmpty();
        await page.ScreenshotAsync(new() { Path = Dashboard.Results($"ask-{look}.png"), FullPage = true });

        var before = model.Asked;
        await page.ReloadAsync();
        await Expect(page.Locator("#question")).ToHaveValueAsync("What if the load doubled?", new() { Timeout = Dashboard.Patience });
        model.Asked.ShouldBe(before, "an address alone asks nothing");
    }

    [Fact]
    public async Task A_question_can_be_cancelled_and_a_failure_is_said()
    {
        sandbox.Need();
        var answer = new ScriptedAnswer("", Never: true);
        await using var model = await ScriptedModel.StartAsync(new("table", _ => answer), TestContext.Current.CancellationToken);
        await using var dashboard = await OwnDashboard.StartAsync(sandbox, _ => Settings(model));
        await using var context = await sandbox.ContextAsync(url: dashboard.Url);
        var page = await sandbox.SignInAsync(context, path: "/ask");

        await AskAsync(page, "q");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.Locator(".answered")).ToContainTextAsync("You cancelled the question.", Patient);

        answer = new("oops", 503);
        await AskAsync(page, "q");
        await Expect(page.Locator(".answered")).ToContainTextAsync("it answered HTTP 503", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("ask-failed.png") });
    }

    [Fact]
    public async Task Without_a_model_there_is_no_such_page()
    {
        await using var context = await sandbox.ContextAsync();
        var page = await sandbox.SignInAsync(context, path: "/ask");
        await Expect(page.Locator("h1")).ToContainTextAsync("No such page", Patient);
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Ask" })).ToHaveCountAsync(0, new() { Timeout = Dashboard.Patience });
    }

    private static Dictionary<string, string?> Settings(ScriptedModel model) => new() { ["Dashboard__Ask__Endpoint"] = model.Endpoint, ["Dashboard__Ask__Model"] = "simulated" };

    private static ILocator Query(IPage page, string name) => page.Locator(".query", new() { Has = page.Locator("h2 code", new() { HasText = name }) });

    private static async Task AskAsync(IPage page, string question)
    {
        await page.Locator("#question").FillAsync(question);
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask", Exact = true }).ClickAsync();
    }

    // First it looks, then it tries what it may not and asks the simulator, then it speaks.
    private static ScriptedAnswer Table(ScriptedQuestion question) => question.Evidence["queries"]!.AsArray().Count switch
    {
        0 => ScriptedAnswer.Calls(("list", """{"kind":"pools"}""")),
        1 => ScriptedAnswer.Calls(("delete_pod", """{"name":"default/x"}"""), ("what_if", """{"route":"default/chat","load_factor":2}""")),
        _ => ScriptedAnswer.Calls(("answer", ScriptedAnswer.Arguments(("text", Words)))),
    };
}
