using Ops.Planning.Fleet;

namespace Ops.Planning.Tests;

public sealed class DemandForecastTests
{
    private static readonly DateTimeOffset Midnight = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_measured_is_nothing_expected() => new DemandForecast(TimeSpan.FromMinutes(2)).Outlook().ShouldBe(default);

    [Fact]
    public void A_constant_rate_is_expected_to_stay()
    {
        var forecast = new DemandForecast(TimeSpan.FromMinutes(2));
        Feed(forecast, Midnight, minutes: 120, _ => 8);
        forecast.Outlook().Expected.ShouldBe(8, 0.01);
        forecast.Outlook().Upper.ShouldBe(8, 0.01);
    }

    [Fact]
    public void A_jump_is_followed_at_once()
    {
        var forecast = new DemandForecast(TimeSpan.FromMinutes(2));
        Feed(forecast, Midnight, minutes: 120, _ => 8);
        forecast.Observe(Midnight.AddMinutes(120), 40);
        forecast.Outlook().Upper.ShouldBeGreaterThanOrEqualTo(40);
    }

    [Fact]
    public void A_daily_rhythm_is_seen_coming_after_some_days()
    {
        var forecast = new DemandForecast(TimeSpan.FromMinutes(60));
        Feed(forecast, Midnight, minutes: 6 * 1440 + (8 * 60), Daily);
        // At eight in the morning of the seventh day the rate still is what it was all night, and doubles within the hour.
        var ahead = Enumerable.Range(1, 60).Average(minute => Daily(Midnight.AddMinutes((8 * 60) + minute)));
        forecast.Outlook().Expected.ShouldBeInRange(0.75 * ahead, 1.25 * ahead);
        ahead.ShouldBeGreaterThan(1.2 * Daily(Midnight.AddMinutes(8 * 60)));
    }

    [Fact]
    public void The_upper_end_covers_what_comes_as_often_as_it_says()
    {
        var random = new Random(5);
        var forecast = new DemandForecast(TimeSpan.FromMinutes(1));
        var (covered, total) = (0, 0);
        for (var minute = 0; minute < 3000; minute++)
        {
            var rate = 20 + (10 * random.NextDouble());
            if (minute > 500)
            {
                total++;
                covered += forecast.Outlook().Upper >= rate ? 1 : 0;
            }

            forecast.Observe(Midnight.AddMinutes(minute), rate);
        }

        (covered / (double)total).ShouldBeInRange(0.9, 1);
    }

    [Fact]
    public void A_gap_in_the_measurements_and_zeros_do_no_harm()
    {
        var forecast = new DemandForecast(TimeSpan.FromMinutes(5));
        Feed(forecast, Midnight, minutes: 60, _ => 0);
        Feed(forecast, Midnight.AddDays(3), minutes: 60, _ => 5);
        forecast.Outlook().Expected.ShouldBe(5, 0.5);
        double.IsFinite(forecast.Outlook().Upper).ShouldBeTrue();
    }

    private static double Daily(DateTimeOffset at)
    {
        var hour = at.TimeOfDay.TotalHours;
        return hour is < 8 or > 20 ? 10 : 10 + (20 * Math.Sin((hour - 8) / 12 * Math.PI));
    }

    private static void Feed(DemandForecast forecast, DateTimeOffset from, int minutes, Func<DateTimeOffset, double> rate)
    {
        for (var minute = 0; minute < minutes; minute++)
            forecast.Observe(from.AddMinutes(minute), rate(from.AddMinutes(minute)));
    }
}
