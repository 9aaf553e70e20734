using Microsoft.Playwright;

namespace Ops.Browser;

/// <summary>Every page, in light and dark: it draws, logs no error, has no serious fault of accessibility, and is photographed.</summary>
public sealed class Page_tests(Dashboard dashboard)
{
    private static readonly (string Name, string Path, string Sign)[] WithContent =
    [
        ("overview", "/", ".tile"), ("fleet", "/fleet", ".detail table"), ("routing", "/routing", ".detail table"), ("incidents", PageContent.Incident, ".graph .node"),
        ("remediations", PageContent.Plan, ".diff ins"), ("stores", PageContent.Store, ".grid .chosen"), ("topology", "/topology", ".graph .node"),
    ];

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    public async Task Every_page_draws_and_is_accessible(string theme)
    {
        await using var context = await dashboard.ContextAsync(theme == "dark" ? ColorScheme.Dark : ColorScheme.Light);
        await using var content = await PageContent.MakeAsync(dashboard);
        var complaints = new List<string>();
        context.Console += (_, line) => { if (line.Type is "error" or "warning") complaints.Add($"{line.Page?.Url}: {line.Text}"); };
        context.WebError += (_, error) => complaints.Add(error.Error);
        var sign = await context.NewPageAsync();
        await sign.GotoAsync("/signin");
        await LookAsync(sign, $"signin-{theme}", complaints);
        await sign.CloseAsync();
        var page = await dashboard.SignInAsync(context);
        foreach (var (name, path, mark) in WithContent)
        {
            await page.GotoAsync(path);
            await page.Locator(mark).First.WaitForAsync();
            await LookAsync(page, $"{name}-{theme}", complaints);
        }

        complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task On_a_phone_nothing_is_wider_than_the_screen()
    {
        await using var context = await dashboard.ContextAsync(width: 390, height: 844);
        await using var content = await PageContent.MakeAsync(dashboard);
        var page = await dashboard.SignInAsync(context);
        foreach (var (name, path, mark) in WithContent)
        {
            await page.GotoAsync(path);
            await page.Locator(mark).First.WaitForAsync();
            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(390, name);
            await page.ScreenshotAsync(new() { Path = Dashboard.Results($"{name}-phone.png") });
        }
    }

    private static async Task LookAsync(IPage page, string name, List<string> complaints)
    {
        await page.ScreenshotAsync(new() { Path = Dashboard.Results($"{name}.png") });
        complaints.AddRange((await Accessibility.SeriousAsync(page)).Select(violation => $"{name}: {violation}"));
    }
}
