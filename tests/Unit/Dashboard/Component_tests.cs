using Bunit;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Tests;

/// <summary>Components that draw what they are given.</summary>
public sealed class Component_tests : BunitContext
{
    private static readonly DateTimeOffset Noon = new(Objects.Noon);

    [Theory]
    [InlineData(Urgency.Critical, "critical")]
    [InlineData(Urgency.Fine, "fine")]
    public void A_state_is_a_shape_and_a_word_beside_its_colour(Urgency urgency, string css)
    {
        var drawn = Render<Status>(status => status.Add(one => one.Of, urgency).AddChildContent("Serving"));

        drawn.Find("span").ClassList.ShouldContain(css);
        drawn.Find("svg").Children.ShouldHaveSingleItem();
        drawn.Find("span").TextContent.ShouldBe("Serving");
    }

    [Fact]
    public void A_chart_without_figures_says_so_in_words()
    {
        var drawn = Chart(new Curve(Noon, TimeSpan.FromSeconds(2), [float.NaN, float.NaN]));

        drawn.Find(".empty p").TextContent.ShouldBe("No figures in this range.");
        drawn.FindAll("svg").ShouldBeEmpty();
    }

    [Fact]
    public void A_chart_names_its_newest_value_and_marks_what_happened_inside_it()
    {
        var drawn = Chart(new Curve(Noon, TimeSpan.FromSeconds(30), [1, 2, float.NaN, 4]));

        drawn.Find("svg").GetAttribute("aria-label").ShouldBe("Power: power 4.00");
        // 0 to 5 (the round number above 4) over 100 pixels; a single gap is bridged.
        drawn.Find("path.line").GetAttribute("d").ShouldBe("M0 80L150 60L450 20");
        drawn.FindAll(".mark").ShouldHaveSingleItem().GetAttribute("title").ShouldBe("12:01:00 fault");
    }

    [Fact]
    public void A_chart_is_read_at_a_place_with_time_and_value_until_nobody_reads()
    {
        var drawn = Chart(new Curve(Noon, TimeSpan.FromSeconds(30), [1, 2, float.NaN, 4]));
        drawn.FindAll(".readout").ShouldBeEmpty();

        drawn.Find(".reader").TriggerEvent("onread", new ReadEventArgs { Place = 30 });
        drawn.FindAll(".readout > *").Select(part => part.TextContent).ShouldBe(["12:00:30", "power 2.00"]);
        drawn.Find(".reader").GetAttribute("aria-valuetext").ShouldBe("12:00:30: power 2.00");
        drawn.Find(".cursor").GetAttribute("style").ShouldBe("left:25%");

        // A gap is said to be one.
        drawn.Find(".reader").TriggerEvent("onread", new ReadEventArgs { Place = 60 });
        drawn.Find(".reader").GetAttribute("aria-valuetext").ShouldBe("12:01:00: power –");

        drawn.Find(".reader").TriggerEvent("onread", new ReadEventArgs { Place = -1 });
        drawn.FindAll(".readout").ShouldBeEmpty();
    }

    [Fact]
    public void The_working_point_is_read_dot_by_dot()
    {
        var drawn = Render<WorkingPoint>(chart => chart.Add(one => one.Title, "Energy against latency")
            .Add(one => one.Latency, new Curve(Noon, TimeSpan.FromSeconds(30), [0.01f, 0.02f, float.NaN]))
            .Add(one => one.Energy, new Curve(Noon, TimeSpan.FromSeconds(30), [3, 2, 1])));

        // 0 to 25 ms: at a third of the way the first dot is nearer.
        drawn.Find(".reader").TriggerEvent("onread", new ReadEventArgs { Place = 40 });
        drawn.Find(".reader").GetAttribute("aria-valuetext").ShouldBe("12:00:00: per token 10 ms, per token 3.00 J");
    }

    [Fact]
    public void Shares_are_told_to_those_who_cannot_see_them()
    {
        var drawn = Render<ShareBar>(bar => bar.Add(one => one.Shares, [("small", 3), ("large", 1), ("none", 0)]));

        drawn.Find(".shares").GetAttribute("aria-label").ShouldBe("small 75.0 %, large 25.0 %, none 0.0 %");
        drawn.FindAll(".shares i").Count.ShouldBe(2);
    }

    private IRenderedComponent<LineChart> Chart(Curve curve) => Render<LineChart>(chart => chart
        .Add(one => one.Title, "Power").Add(one => one.From, Noon).Add(one => one.To, Noon.AddMinutes(2)).Add(one => one.Height, 100)
        .Add(one => one.Lines, [new("power", curve)])
        .Add(one => one.Marks, [new(Noon.AddMinutes(1), "fault", true), new(Noon.AddMinutes(9), "later", false)]));
}
