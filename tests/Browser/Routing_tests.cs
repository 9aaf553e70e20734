using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>What the routing page adds to the figures: choices as they were made, and what would be if.</summary>
public sealed class Routing_tests(Dashboard dashboard)
{
    [Fact]
    public async Task Choices_are_listed_and_twice_the_load_is_answered_by_the_simulator()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context, path: "/routing");
        // ./ops up itself asked for the first answer.
        await Expect(page.Locator(".decisions tbody tr").First).ToContainTextAsync("qwen3-32b", new() { Timeout = Dashboard.Patience });

        await page.GetByRole(AriaRole.Slider, new() { Name = "load", Exact = true }).FillAsync("6");
        await Expect(page).ToHaveURLAsync("/routing?load=2", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".answer")).ToContainTextAsync("goodput", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".answer tr", new() { HasText = "load" })).ToContainTextAsync("+100 %", new() { Timeout = Dashboard.Patience });
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("whatif.png"), FullPage = true });

        // By keyboard, one step after the other.
        await page.GetByRole(AriaRole.Slider, new() { Name = "load", Exact = true }).PressAsync("ArrowRight");
        await Expect(page).ToHaveURLAsync("/routing?load=3", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".answer tr", new() { HasText = "load" })).ToContainTextAsync("+200 %", new() { Timeout = Dashboard.Patience });
        // By pointer, dragged over all of its length and back.
        var slider = (await page.GetByRole(AriaRole.Slider, new() { Name = "load", Exact = true }).BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(slider.X + (slider.Width / 2), slider.Y + (slider.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(slider.X + 2, slider.Y + (slider.Height / 2), new() { Steps = 20 });
        await page.Mouse.MoveAsync(slider.X + slider.Width - 2, slider.Y + (slider.Height / 2), new() { Steps = 40 });
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync("/routing?load=8", new() { Timeout = Dashboard.Patience });
        await Expect(page.Locator(".answer tr", new() { HasText = "load" })).ToContainTextAsync("+700 %", new() { Timeout = Dashboard.Patience });

        // The sliders stand in the address, as a colleague would send it.
        await page.GotoAsync("/routing?size=llama-3-1-8b:0,qwen3-14b:0,qwen3-32b:0");
        await Expect(page.Locator(".whatif")).ToContainTextAsync("No replica is left to answer", new() { Timeout = Dashboard.Patience });
    }
}
