using System.Collections.Immutable;
using System.Text;

namespace Ops.Traces;

/// <summary>
/// Reads published trace formats as they are: Azure's LLM inference CSV and Mooncake's JSON lines, told apart by the first
/// character. Requests are put in order of arrival and counted from the first one.
/// </summary>
public static class TraceFile
{
    /// <summary>5 million requests of 24 bytes (and 8 bytes for each prefix block) stay below a gigabyte.</summary>
    private const int MaxLines = 5_000_000;

    /// <summary>A Mooncake line has about 8 bytes for each 512 tokens of prompt.</summary>
    private const int MaxLineLength = 1024 * 1024;

    /// <summary>Reads a whole trace, or nothing.</summary>
    /// <exception cref="TraceFormatException">A line is broken; the message names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Trace Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var reader = new StreamReader(path, Encoding.UTF8);
        return Read(reader, path);
    }

    internal static Trace Read(TextReader reader, string path)
    {
        var first = reader.ReadLine() ?? throw new TraceFormatException(path, 1, "the file is empty.");
        var json = first.StartsWith('{');
        if (!json && AzureLine.HeaderProblem(first) is { } problem)
            throw new TraceFormatException(path, 1, problem);
        var requests = new List<TraceRequest>();
        var number = json ? 0 : 1;
        var blank = 0;
        for (var line = json ? first : reader.ReadLine(); line is not null; line = reader.ReadLine())
        {
            number++;
            if (line.Length == 0)
            {
                blank = number;
                continue;
            }
            if (blank > 0)
                throw new TraceFormatException(path, blank, "the line is empty.");
            if (number > MaxLines || line.Length > MaxLineLength)
                throw new TraceFormatException(path, number, $"more than {MaxLines} lines, or a line longer than {MaxLineLength} characters.");
            if (!(json ? MooncakeLine.TryParse(line, out var request, out problem) : AzureLine.TryParse(line, out request, out problem)))
                throw new TraceFormatException(path, number, problem);
            requests.Add(request);
        }
        if (requests.Count == 0)
            throw new TraceFormatException(path, number, "the file holds no request.");
        return new Trace(Path.GetFileName(path), InOrder(requests));
    }

    // Stable, so that requests with equal times keep the order of the file.
    private static ImmutableArray<TraceRequest> InOrder(List<TraceRequest> requests)
    {
        var start = requests.Min(r => r.Arrival);
        return [.. requests.OrderBy(r => r.Arrival).Select(r => r with { Arrival = r.Arrival - start })];
    }
}
