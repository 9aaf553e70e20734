using CsCheck;
using Ops.Rca.Sources;
using Ops.Rca.Sources.Recording;

namespace Ops.Rca.Service.Tests;

/// <summary>Rounds that a service read come back from their file as they were.</summary>
public sealed class Recorded_rounds
{
    private static readonly RawSeries[] Known =
    [
        new("jobs_total", new Dictionary<string, string> { ["app"] = "a", ["code"] = "é \"\n" }, SeriesType.Counter),
        new("level", new Dictionary<string, string>(), SeriesType.Gauge, "shop/db"),
        new("wait_seconds", new Dictionary<string, string> { ["le"] = "+Inf" }, SeriesType.Histogram),
    ];

    private static readonly Gen<SampleRound> AnyRound =
        from seconds in Gen.Double[0, 2e9]
        from values in Gen.Double.Array[Known.Length]
        from there in Gen.Bool.Array[Known.Length]
        select new SampleRound(seconds, [.. Known.Zip(values).Where((_, i) => there[i]).Select(pair => new Sample(pair.First, pair.Second))]);

    [Fact]
    public void What_is_written_is_read_again_and_what_is_not_finite_is_left_out() =>
        AnyRound.List[0, 20].Sample(rounds => Read(Write(rounds)).Select(Told).ShouldBe(rounds.Select(Told)));

    [Fact]
    public void A_series_is_one_object_through_all_rounds() =>
        Read(Write([Round(1), Round(2)])).SelectMany(round => round.Samples).Select(sample => sample.Series).Distinct().Count().ShouldBe(Known.Length);

    [Fact]
    public void A_file_that_is_being_written_is_read_up_to_its_last_whole_line()
    {
        var text = Write([Round(1), Round(2)]);

        Read(text[..^5]).ShouldHaveSingleItem().Seconds.ShouldBe(1);
    }

    [Theory]
    [InlineData("nonsense\n{}", "Line 1 of the recording is no line of one")]
    [InlineData("""{"at":1,"of":[7],"values":[1]}""", "Line 1 of the recording uses series 7, which no line before it names.")]
    [InlineData("""{"at":1,"of":[7],"values":[]}""", "Line 1 of the recording has neither a series (series, name) nor a round (at, and as many values as of).")]
    [InlineData("null", "Line 1 of the recording has neither a series (series, name) nor a round (at, and as many values as of).")]
    public void A_line_that_is_none_is_refused_with_its_number(string text, string says) =>
        Should.Throw<BadInputException>(() => Read(text)).Message.ShouldStartWith(says);

    private static SampleRound Round(double seconds) => new(seconds, [.. Known.Select(series => new Sample(series, 1))]);

    private static string Write(IEnumerable<SampleRound> rounds)
    {
        using var writer = new StringWriter();
        var written = new Dictionary<RawSeries, int>();
        foreach (var round in rounds)
            RoundFile.Write(writer, round, written);
        return writer.ToString();
    }

    private static List<SampleRound> Read(string text)
    {
        using var reader = new StringReader(text);
        return [.. RoundFile.Read(reader)];
    }

    private static string Told(SampleRound round) =>
        $"{round.Seconds:R}: " + string.Join("; ", round.Samples.Where(sample => double.IsFinite(sample.Value)).Select(sample =>
            $"{sample.Series.Name} {string.Join(",", sample.Series.Labels)} {sample.Series.Type} {sample.Series.Owner} = {sample.Value:R}"));
}
