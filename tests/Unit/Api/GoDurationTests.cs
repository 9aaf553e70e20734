using CsCheck;

namespace Ops.Api.Tests;

public sealed class GoDurationTests
{
    [Theory]
    // Examples of Go's own documentation and tests for time.ParseDuration.
    [InlineData("0", 0)]
    [InlineData("5s", 5_000)]
    [InlineData("30s", 30_000)]
    [InlineData("1478s", 1_478_000)]
    [InlineData("5.0s", 5_000)]
    [InlineData("5.6s", 5_600)]
    [InlineData("5.s", 5_000)]
    [InlineData(".5s", 500)]
    [InlineData("1.004s", 1_004)]
    [InlineData("10ms", 10)]
    [InlineData("3h30m", 12_600_000)]
    [InlineData("1h2m3.5s", 3_723_500)]
    [InlineData("10.5s4m", 250_500)]
    [InlineData("1500us", 1.5)]
    [InlineData("1500\u00b5s", 1.5)]
    [InlineData("1500\u03bcs", 1.5)]
    [InlineData("100000ns", 0.1)]
    public void A_duration_reads_as_go_reads_it(string text, double milliseconds) =>
        GoDuration.Parse(text).ShouldBe(TimeSpan.FromMilliseconds(milliseconds));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("s")]
    [InlineData(".s")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("5 s")]
    [InlineData("1.2.3s")]
    [InlineData("1d")]
    [InlineData("1S")]
    [InlineData("1sec")]
    [InlineData("99999999999999999h")]
    [InlineData("1111111111111111111111111111111111s")]
    public void What_go_would_not_read_is_refused(string? text)
    {
        GoDuration.TryParse(text, out var value).ShouldBeFalse();
        value.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void A_refused_text_stands_in_the_message() =>
        Should.Throw<FormatException>(() => GoDuration.Parse("soon")).Message.ShouldContain("\"soon\"");

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1.5, "1.5ms")]
    [InlineData(500, "500ms")]
    [InlineData(1_000, "1s")]
    [InlineData(90_000, "1m30s")]
    [InlineData(3_600_000, "1h0m0s")]
    [InlineData(3_723_500, "1h2m3.5s")]
    public void A_duration_writes_as_go_writes_it(double milliseconds, string text) =>
        GoDuration.Format(TimeSpan.FromMilliseconds(milliseconds)).ShouldBe(text);

    [Fact]
    public void Whatever_is_written_reads_back_the_same() =>
        Gen.Long[0, TimeSpan.FromDays(4_000).Ticks].Select(TimeSpan.FromTicks).Sample(span =>
            GoDuration.Parse(GoDuration.Format(span)).ShouldBe(span));

    [Fact]
    public void Any_text_gives_a_span_that_is_not_negative_and_zero_when_refused() =>
        Gen.String[Gen.Char["0123456789.hmsnu\u00b5 -"], 0, 40].Sample(text =>
        {
            var taken = GoDuration.TryParse(text, out var span);
            span.ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
            if (!taken)
                span.ShouldBe(TimeSpan.Zero);
        });

    [Fact]
    public void Whatever_the_schema_pattern_takes_reads() =>
        Gen.Select(Gen.Int[0, 999_999], Gen.OneOf(Gen.Const("ms"), Gen.Const("s"), Gen.Const("m"), Gen.Const("h"))).Array[1, 2].Sample(parts =>
        {
            var text = string.Concat(parts.Select(part => $"{part.Item1}{part.Item2}"));
            System.Text.RegularExpressions.Regex.IsMatch(text, GoDuration.Pattern, System.Text.RegularExpressions.RegexOptions.NonBacktracking | System.Text.RegularExpressions.RegexOptions.ExplicitCapture).ShouldBeTrue();
            GoDuration.TryParse(text, out _).ShouldBeTrue();
        });
}
