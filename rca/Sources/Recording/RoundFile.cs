using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ops.Rca.Sources.Recording;

/// <summary>Rounds of samples as text, so that what a service saw can be gone through again, as often as one likes and without the noise of the day.</summary>
public static class RoundFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Writes a round, and before it the series that were not written yet; the numbers of those that were are kept by the caller.</summary>
    public static void Write(TextWriter writer, SampleRound round, Dictionary<RawSeries, int> written)
    {
        var samples = round.Samples.Where(sample => double.IsFinite(sample.Value)).ToList();
        foreach (var series in samples.Select(sample => sample.Series))
            if (written.TryAdd(series, written.Count))
                writer.WriteLine(JsonSerializer.Serialize(new RoundLine { Series = written[series], Name = series.Name, Labels = series.Labels, Type = series.Type, Owner = series.Owner }, Json));
        writer.WriteLine(JsonSerializer.Serialize(
            new RoundLine { At = round.Seconds, Of = [.. samples.Select(sample => written[sample.Series])], Values = [.. samples.Select(sample => sample.Value)] }, Json));
    }

    /// <summary>Reads rounds, the oldest first. A last line that was cut off is left out.</summary>
    /// <exception cref="BadInputException">A line is no such line, or uses a series that no line before it names.</exception>
    public static IEnumerable<SampleRound> Read(TextReader reader)
    {
        var known = new Dictionary<int, RawSeries>();
        var number = 0;
        for (var text = reader.ReadLine(); text is not null; number++)
        {
            var next = reader.ReadLine();
            if (Parse(text, isLast: next is null, number + 1) is { } line && Take(line, known, number + 1) is { } round)
                yield return round;
            text = next;
        }
    }

    private static RoundLine? Parse(string text, bool isLast, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<RoundLine>(text, Json) ?? new();
        }
        catch (JsonException error)
        {
            return isLast ? null : throw new BadInputException($"Line {number} of the recording is no line of one: {error.Message}");
        }
    }

    private static SampleRound? Take(RoundLine line, Dictionary<int, RawSeries> known, int number)
    {
        if (line is { Series: { } id, Name: { } name })
        {
            known[id] = new RawSeries(name, line.Labels ?? new Dictionary<string, string>(), line.Type ?? SeriesType.Unknown, line.Owner);
            return null;
        }

        if (line is not { At: { } at, Of: { } of, Values: { } values } || of.Count != values.Count)
            throw new BadInputException($"Line {number} of the recording has neither a series (series, name) nor a round (at, and as many values as of).");
        return new SampleRound(at, [.. of.Zip(values, (id, value) => known.TryGetValue(id, out var series)
            ? new Sample(series, value)
            : throw new BadInputException($"Line {number} of the recording uses series {id}, which no line before it names."))]);
    }
}
