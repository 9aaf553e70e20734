using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Ops.Router.Tests;

public sealed class CallerMeterTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 2, 28, 23, 0, 0, TimeSpan.Zero));

    [Fact]
    public void A_bucket_fills_evenly_and_says_exactly_when_it_holds_enough()
    {
        var (meter, limits) = (new CallerMeter(_time), new CallerLimits { RequestsPerMinute = 6 });
        for (var i = 0; i < 6; i++)
            meter.Take(limits, "k", 0).ShouldBeNull();
        meter.Take(limits, "k", 0)!.RetryAfterSeconds.ShouldBe(10);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        meter.Take(limits, "k", 0).ShouldNotBeNull();
        _time.Advance(TimeSpan.FromSeconds(0.1));
        meter.Take(limits, "k", 0).ShouldBeNull();
        meter.Take(limits, "k", 0).ShouldNotBeNull();
        _time.Advance(TimeSpan.FromHours(1));
        Enumerable.Range(0, 7).Count(_ => meter.Take(limits, "k", 0) is null).ShouldBe(6, "an hour of quiet is no more than a minute's allowance");
    }

    [Fact]
    public void What_was_used_beyond_the_estimate_is_paid_back_before_anything_else()
    {
        var (meter, limits) = (new CallerMeter(_time), new CallerLimits { TokensPerMinute = 600 });
        meter.Take(limits, "k", 500).ShouldBeNull();
        meter.Settle(700);
        // 600 - 500 - 700 = -600: 70 s at 10 a second until 100 are there.
        meter.Take(limits, "k", 100)!.RetryAfterSeconds.ShouldBe(70);
        _time.Advance(TimeSpan.FromSeconds(70));
        meter.Take(limits, "k", 100).ShouldBeNull();
        meter.Take(limits, "k", 601)!.Code.ShouldBe("request_too_large", "waiting would never help");
    }

    [Fact]
    public void Budgets_begin_anew_with_the_day_and_the_month_in_utc()
    {
        var (meter, limits) = (new CallerMeter(_time), new CallerLimits { TokensPerDay = 100, TokensPerMonth = 150 });
        meter.Take(limits, "k", 120).ShouldBeNull();
        var spent = meter.Take(limits, "k", 1)!;
        (spent.Code, spent.RetryAfterSeconds).ShouldBe(("insufficient_quota", 3_600));

        _time.Advance(TimeSpan.FromHours(1));
        meter.Take(limits, "k", 99).ShouldBeNull("March has begun, the day and the month with it");
        meter.Take(limits, "k", 99).ShouldBeNull();
        var again = meter.Take(limits, "k", 1)!;
        again.Message.ShouldContain("month");
        again.RetryAfterSeconds.ShouldBe(31 * 24 * 3_600);
    }

    [Fact]
    public void Headers_show_limits_what_remains_and_when_it_is_full_again()
    {
        var (meter, limits) = (new CallerMeter(_time), new CallerLimits { RequestsPerMinute = 60, TokensPerMinute = 100 });
        meter.Take(limits, "k", 40).ShouldBeNull();
        var headers = new HeaderDictionary();
        meter.Describe(limits, headers);
        headers["x-ratelimit-limit-requests"].ToString().ShouldBe("60");
        headers["x-ratelimit-remaining-requests"].ToString().ShouldBe("59");
        headers["x-ratelimit-reset-requests"].ToString().ShouldBe("1s");
        headers["x-ratelimit-remaining-tokens"].ToString().ShouldBe("60");
        headers["x-ratelimit-reset-tokens"].ToString().ShouldBe("24s");
        meter.Settle(1_000);
        meter.Describe(limits, headers);
        headers["x-ratelimit-remaining-tokens"].ToString().ShouldBe("0");
        headers["x-ratelimit-reset-tokens"].ToString().ShouldBe("10m24s");
    }

    [Fact]
    public void Meters_are_bounded_and_kept_by_id()
    {
        var meters = new CallerMeters(_time);
        Caller Metered(string id) => new(id) { Limits = new CallerLimits { RequestsPerMinute = 1 } };
        meters.Of(new Caller("free")).ShouldBeNull();
        var first = meters.Of(Metered("a"));
        meters.Of(Metered("a")).ShouldBeSameAs(first);
        for (var i = 0; i < CallerMeters.Capacity + 10; i++)
            meters.Of(Metered($"subject-{i}")).ShouldNotBeNull();
        meters.Count.ShouldBeLessThanOrEqualTo(CallerMeters.Capacity);
    }
}
