using System.Globalization;
using System.Text;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Which part of a log is wanted, and how.</summary>
internal sealed record LogQuery(bool Follow = false, int? TailLines = null, TimeSpan? Since = null, bool Timestamps = false, long? LimitBytes = null);

/// <summary>Reads a container's log file back, and follows it while the container runs.</summary>
internal static class LogReader
{
    /// <summary>How often a follower looks for more; short enough to feel live, long enough to cost nothing.</summary>
    private static readonly TimeSpan FollowPeriod = TimeSpan.FromMilliseconds(50);

    /// <param name="path">The run's file.</param>
    /// <param name="query">What is wanted.</param>
    /// <param name="isComplete">True once no more output can come; asked before a last read.</param>
    /// <param name="destination">Where the lines go.</param>
    /// <param name="clock">For the wait between looks and for <see cref="LogQuery.Since"/>.</param>
    /// <param name="cancellation">Ends a follower.</param>
    public static async Task WriteAsync(
        string path, LogQuery query, Func<bool> isComplete, Stream destination, TimeProvider clock, CancellationToken cancellation)
    {
        var output = new Output(query, destination, query.Since is { } since ? clock.GetUtcNow() - since : DateTimeOffset.MinValue);
        var position = await WritePastAsync(path, query, output, cancellation);
        while (query.Follow && !output.IsFull)
        {
            var last = isComplete();
            var (lines, end) = await ReadLinesAsync(path, position, cancellation);
            // A shorter file than before means that the log rolled over: go on at its start.
            position = end < position ? 0 : end;
            foreach (var line in lines)
                await output.WriteAsync(line, cancellation);
            if (lines.Count > 0)
                await destination.FlushAsync(cancellation);
            if (last)
                return;
            if (lines.Count == 0)
                await Task.Delay(FollowPeriod, clock, cancellation);
        }
        await destination.FlushAsync(cancellation);
    }

    private static async Task<long> WritePastAsync(string path, LogQuery query, Output output, CancellationToken cancellation)
    {
        var (rolled, _) = await ReadLinesAsync(ContainerLog.RolledPath(path), 0, cancellation);
        var (present, position) = await ReadLinesAsync(path, 0, cancellation);
        var lines = rolled.Concat(present).ToList();
        var skip = query.TailLines is { } tail ? Math.Max(0, lines.Count - Math.Max(0, tail)) : 0;
        foreach (var line in lines.Skip(skip))
            await output.WriteAsync(line, cancellation);
        return position;
    }

    /// <summary>Whole lines from a position on, and where they end; two files of 10 MiB are the most there is.</summary>
    private static async Task<(IReadOnlyList<LogLine> Lines, long End)> ReadLinesAsync(string path, long position, CancellationToken cancellation)
    {
        if (!File.Exists(path))
            return ([], position);
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length < position)
            return ([], file.Length);
        file.Position = position;
        var buffer = new byte[file.Length - position];
        await file.ReadExactlyAsync(buffer, cancellation);
        var end = Array.LastIndexOf(buffer, (byte)'\n') + 1;
        return (LogLine.Parse(buffer.AsSpan(0, end)), position + end);
    }

    private sealed class Output(LogQuery query, Stream destination, DateTimeOffset notBefore)
    {
        private long written;

        public bool IsFull => query.LimitBytes is { } limit && written >= limit;

        public async Task WriteAsync(LogLine line, CancellationToken cancellation)
        {
            if (IsFull || line.Time < notBefore)
                return;
            ReadOnlyMemory<byte> text = query.Timestamps ? (byte[])[.. Encoding.ASCII.GetBytes(line.Stamp + " "), .. line.Text] : line.Text;
            if (query.LimitBytes is { } limit && text.Length > limit - written)
                text = text[..(int)(limit - written)];
            written += text.Length;
            await destination.WriteAsync(text, cancellation);
        }
    }
}

/// <summary>One stored line: its time and its bytes, the line end included when it was whole.</summary>
internal sealed record LogLine(string Stamp, DateTimeOffset Time, byte[] Text)
{
    /// <summary>Raw: <c>2026-01-02T03:04:05.123456700Z stdout F hello</c>.</summary>
    public static IReadOnlyList<LogLine> Parse(ReadOnlySpan<byte> text)
    {
        var lines = new List<LogLine>();
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            var stampEnd = line.IndexOf((byte)' ');
            if (stampEnd < 0 || line.Length < stampEnd + " stdout F ".Length)
                continue;
            var stamp = Encoding.ASCII.GetString(line[..stampEnd]);
            var whole = line[stampEnd + " stdout ".Length] == 'F';
            var body = line[(stampEnd + " stdout F ".Length)..];
            // Nine fraction digits are more than .NET parses; the last two are always zero here.
            if (DateTimeOffset.TryParse(stamp.Replace("00Z", "Z", StringComparison.Ordinal), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                lines.Add(new LogLine(stamp, time, whole ? [.. body, (byte)'\n'] : body.ToArray()));
        }
        return lines;
    }
}
