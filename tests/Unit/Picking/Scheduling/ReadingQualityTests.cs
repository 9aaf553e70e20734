using CsCheck;

namespace Ops.Picking.Tests;

public sealed class ReadingQualityTests
{
    private static double Of(double first, double perToken, params double[] arrivals)
    {
        var quality = new ReadingQuality(first, perToken);
        foreach (var at in arrivals)
            quality.Add(1, at);
        return quality.Value!.Value;
    }

    [Fact]
    public void A_stream_that_keeps_ahead_of_its_reader_is_perfect_however_fast_it_is()
    {
        Of(1, 0.1, 0.2, 0.25, 0.3, 0.35).ShouldBe(1, 1e-9);
        Of(1, 0.1, 1, 1.1, 1.2, 1.3).ShouldBe(1, 1e-9);
    }

    [Fact]
    public void A_late_first_token_and_a_pause_cost_what_the_reader_missed()
    {
        // Expected at 1, 2, 3, 4; all come at 2: read at 2, 3, 4, 5. Areas up to 5: 3+2+1+0 = 6 of 4+3+2+1 = 10.
        Of(1, 1, 2, 2, 2, 2).ShouldBe(0.6, 1e-9);
        // The third comes at 5 instead of 3: read at 1, 2, 5, 6. Areas up to 6: 5+4+1+0 = 10 of 5+4+3+2 = 14.
        Of(1, 1, 1, 2, 5, 5).ShouldBe(10.0 / 14, 1e-9);
    }

    [Fact]
    public void One_token_is_judged_by_its_delay() => Of(1, 0.1, 4).ShouldBe(0.25);

    [Fact]
    public void Nothing_is_said_before_the_first_token() => new ReadingQuality(1, 0.1).Value.ShouldBeNull();

    [Fact]
    public void It_stays_between_0_and_1_and_later_tokens_never_improve_it()
    {
        Gen.Select(Gen.Double[0.05, 5], Gen.Double[0.01, 0.5], Gen.Double[0, 3].Array[1, 60], Gen.Double[0, 5]).Sample((first, perToken, gaps, delay) =>
        {
            var (at, arrivals) = (0.0, new List<double>());
            foreach (var gap in gaps)
                arrivals.Add(at += gap);
            var quality = Of(first, perToken, [.. arrivals]);
            quality.ShouldBeInRange(0, 1);
            Of(first, perToken, [.. arrivals.Select(a => a + delay)]).ShouldBeLessThanOrEqualTo(quality + 1e-9);
        });
    }

    [Fact]
    public void The_loss_by_waiting_is_the_slope_at_the_beginning()
    {
        const int Tokens = 200;
        double Delayed(double by) => Of(1, 0.1, [.. Enumerable.Range(0, Tokens).Select(k => 1 + by + (k * 0.1))]);
        var slope = (1 - Delayed(0.01)) / 0.01;
        slope.ShouldBe(ReadingQuality.LossPerSecond(streaming: true, 0.1, Tokens), 0.002);
        ReadingQuality.LossPerSecond(streaming: false, 0.1, Tokens).ShouldBe(0);
    }
}
