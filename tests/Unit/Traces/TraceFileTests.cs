namespace Ops.Traces.Tests;

public class TraceFileTests
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

    [Fact]
    public void The_published_Azure_format_is_read_as_it_is()
    {
        var trace = Read(Header + "2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\n");
        trace.Requests.Length.ShouldBe(2);
        trace.Requests[0].ShouldBe(new TraceRequest(TimeSpan.Zero, 374, 44));
        trace.Requests[1].Arrival.ShouldBe(TimeSpan.FromTicks(43_145_790)); // The 100 ns digits count.
    }

    [Fact]
    public void The_published_Mooncake_format_is_read_as_it_is()
    {
        var trace = Read("""
            {"timestamp": 500, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2]}
            {"timestamp": 3500, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}
            """);
        trace.Requests[1].Arrival.ShouldBe(TimeSpan.FromSeconds(3));
        trace.Requests[0].PrefixBlocks.ShouldBe([0, 1, 2]);
        (trace.Requests[1].ContextTokens, trace.Requests[1].GeneratedTokens).ShouldBe((7322, 490));
    }

    [Theory]
    [InlineData("", 1, "empty")]
    [InlineData("a,b\n", 1, "expected the header")]
    [InlineData(Header, 1, "no request")]
    [InlineData(Header + "2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:47.0000000,374\n", 3, "expected 3 fields, not 2")]
    [InlineData(Header + "yesterday,374,44\n", 2, "'yesterday' is not a time")]
    [InlineData(Header + "2023-11-16 18:15:46.6805900,-1,44\n", 2, "ContextTokens must be a whole number, not '-1'")]
    [InlineData(Header + "2023-11-16 18:15:46.6805900,5,4.5\n", 2, "GeneratedTokens must be a whole number, not '4.5'")]
    [InlineData(Header + "2023-11-16 18:15:46.6805900,5,4\n\n2023-11-16 18:15:46.6805900,5,4\n", 3, "the line is empty")]
    [InlineData("{\"timestamp\": 1, \"input_length\": 5, \"output_length\": 1}\n{\"timestamp\": 1\n", 2, "not a trace line")]
    [InlineData("{\"timestamp\": 1, \"input_length\": \"5\", \"output_length\": 1}\n", 1, "'input_length' must be a whole number")]
    public void A_broken_line_is_refused_with_its_number(string text, int line, string problem)
    {
        var error = Should.Throw<TraceFormatException>(() => Read(text));
        error.Line.ShouldBe(line);
        error.Message.ShouldContain($"trace.csv, line {line}: ");
        error.Message.ShouldContain(problem);
    }

    [Fact]
    public void A_blank_end_is_no_error() =>
        Read(Header + "2023-11-16 18:15:46.6805900,5,4\n\n").Requests.Length.ShouldBe(1);

    [Theory]
    [InlineData("traces/azure-llm-2023-conv.csv", 9683)]
    [InlineData("traces/azure-llm-2023-code.csv", 4409)]
    [InlineData("traces/mooncake-conversation.jsonl", 6015)]
    public void The_public_traces_load_whole(string file, int requests)
    {
        var path = DataFolder.Find(file);
        Assert.SkipWhen(path is null, $"{file} is not here: it is published data that is never committed. Set OPS_DATA to its folder.");
        var trace = TraceFile.Load(path);
        trace.Requests.Length.ShouldBe(requests);
        trace.Requests.Zip(trace.Requests.Skip(1)).ShouldAllBe(pair => pair.First.Arrival <= pair.Second.Arrival);
    }

    private static Trace Read(string text) => TraceFile.Read(new StringReader(text), "trace.csv");
}

internal static class DataFolder
{
    /// <summary>A file below OPS_DATA, or below shared/data beside or above the checkout; null where there is none.</summary>
    public static string? Find(string file)
    {
        if (Environment.GetEnvironmentVariable("OPS_DATA") is { } named && File.Exists(Path.Combine(named, file)))
            return Path.Combine(named, file);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "data", file);
            if (File.Exists(candidate))
                return candidate;
        }
        return null;
    }
}
