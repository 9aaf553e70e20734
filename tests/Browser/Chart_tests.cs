using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Ops.Browser;

/// <summary>Charts say what they show at a place, to who points and to who types.</summary>
public sealed class Chart_tests(Dashboard dashboard)
{
    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = Dashboard.Patience };

    [Fact]
    public async Task A_chart_is_read_at_the_pointer_and_by_arrow_keys()
    {
        await using var context = await dashboard.ContextAsync();
        var page = await dashboard.SignInAsync(context, path: "/fleet?range=5m&pool=default%2Fqwen3-14b");
        var power = page.Locator(".chart", new() { HasText = "Power" }).First;
        var slider = power.GetByRole(AriaRole.Slider, new() { Name = "Read Power" });
        await Expect(power.Locator("path.line")).ToHaveCountAsync(1, new() { Timeout = Dashboard.Patience });

        await power.Locator(".plot").HoverAsync();
        await Expect(power.Locator(".readout")).ToContainTextAsync("power", Patient);
        await page.ScreenshotAsync(new() { Path = Dashboard.Results("readout.png") });
        await page.Locator("h1").HoverAsync();
        await Expect(power.Locator(".readout")).ToHaveCountAsync(0, new() { Timeout = Dashboard.Patience });

        await slider.FocusAsync();
        await Expect(power.Locator(".readout")).ToBeVisibleAsync(new() { Timeout = Dashboard.Patience });
        var pointed = await slider.InputValueAsync();
        await page.Keyboard.PressAsync("ArrowLeft");
        (await slider.InputValueAsync()).ShouldNotBe(pointed);
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.PressAsync("ArrowLeft");
        // The right edge is now, and the simulated GPU draws power.
        await Expect(power.Locator(".readout")).ToContainTextAsync(" W", Patient);
        (await slider.GetAttributeAsync("aria-valuetext")).ShouldEndWith("W");
    }
}
