using CsCheck;

namespace Ops.Planning.Tests;

public sealed class SteadyTests
{
    private static readonly Gen<double?> Numbers = Gen.Select(Gen.Double[-1e6, 1e6], Gen.Int[-6, 3], Gen.Int[0, 9])
        .Select((number, exponent, kind) => kind == 0 ? (double?)null : number * Math.Pow(10, exponent));

    [Theory]
    [InlineData(1234, 1200)]
    [InlineData(0.01234, 0.012)]
    [InlineData(99.6, 100)]
    [InlineData(-1234, -1200)]
    [InlineData(0, 0)]
    [InlineData(0.1, 0.1)]
    [InlineData(7, 7)]
    public void Two_digits_are_kept(double value, double shown) => Steady.TwoDigits(value).ShouldBe(shown);

    [Fact]
    public void Noise_within_a_tenth_changes_nothing()
    {
        Steady.Number(300, 329).ShouldBe(300);
        Steady.Number(300, 271).ShouldBe(300);
        Steady.Number(300, 331).ShouldBe(330);
        Steady.Number(0, 0.001).ShouldBe(0.001);
        Steady.Number(300, null).ShouldBeNull();
        Steady.Number(null, double.NaN).ShouldBeNull();
    }

    [Fact]
    public void Shares_keep_three_decimals_and_exact_ends()
    {
        Steady.Share(null, 0.98765).ShouldBe(0.988);
        Steady.Share(0.988, 0.9895).ShouldBe(0.988);
        Steady.Share(0.999, 1).ShouldBe(1);
        Steady.Share(1, 0.9995).ShouldBe(1);
        Steady.Share(0.001, 0).ShouldBe(0);
        Steady.Share(null, 1.2).ShouldBe(1);
    }

    [Fact]
    public void What_is_shown_stays_while_the_measurement_stays() =>
        Gen.Select(Numbers, Numbers).Sample((before, measured) =>
        {
            var shown = Steady.Number(before, measured);
            Steady.Number(shown, measured).ShouldBe(shown);
            var share = Steady.Share(before, measured);
            Steady.Share(share, measured).ShouldBe(share);
        });

    [Fact]
    public void What_is_shown_is_never_far_from_what_is_measured() =>
        Gen.Select(Numbers, Numbers).Sample((before, measured) =>
        {
            if (measured is { } value && Steady.Number(before, measured) is { } shown)
                Math.Abs(shown - value).ShouldBeLessThanOrEqualTo(Math.Abs(value) * 0.12);
        });
}
