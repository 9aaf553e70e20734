namespace Ops.Traces.Tests;

public class SyntheticTraceTests
{
    // Published statistics of the whole Azure LLM inference traces of 2023. The tolerances are three standard errors of the
    // sample: a heavy-tailed CV settles slowly, so the code trace is drawn over 200 hours.
    [Theory]
    [InlineData(SyntheticKind.Conv, 30, 5.53, 1.09, 1155, 211, 0.01, 0.02)]
    [InlineData(SyntheticKind.Code, 200, 2.57, 13.1, 2048, 28, 0.03, 0.03)]
    public void A_long_trace_has_the_published_statistics(
        SyntheticKind kind, int hours, double rate, double variation, double prompt, double answer, double rateError, double variationError)
    {
        var requests = SyntheticTrace.Generate(kind, TimeSpan.FromHours(hours), seed: 7).Requests;
        var gaps = requests.Zip(requests.Skip(1), (a, b) => (b.Arrival - a.Arrival).TotalSeconds).ToArray();
        var mean = gaps.Average();
        (1 / mean).ShouldBe(rate, rate * rateError);
        (Math.Sqrt(gaps.Average(g => (g - mean) * (g - mean))) / mean).ShouldBe(variation, variation * variationError);
        requests.Average(r => r.ContextTokens).ShouldBe(prompt, prompt * 0.01);
        requests.Average(r => r.GeneratedTokens).ShouldBe(answer, answer * 0.02);
        requests.Min(r => Math.Min(r.ContextTokens, r.GeneratedTokens)).ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public void A_seed_is_a_trace()
    {
        var first = SyntheticTrace.Generate(SyntheticKind.Code, TimeSpan.FromMinutes(5), 1).Requests;
        SyntheticTrace.Generate(SyntheticKind.Code, TimeSpan.FromMinutes(5), 1).Requests.ShouldBe(first);
        SyntheticTrace.Generate(SyntheticKind.Code, TimeSpan.FromMinutes(5), 2).Requests.ShouldNotBe(first);
    }
}
