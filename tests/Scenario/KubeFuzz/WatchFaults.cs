using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace Ops.KubeFuzz.Tests;

/// <summary>Passes the lines of one watch on, with at most one kind of fault.</summary>
internal sealed class WatchFaults(HttpContext context, FaultLine line, string path, Stream upstream)
{
    private const string Expired = """{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"injected","reason":"Expired","code":410}}""";

    private readonly Channel<string> waiting = Channel.CreateBounded<string>(100);

    public async Task PumpAsync(Fault? fault, int afterLines, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(both.Token);
        try
        {
            foreach (var late in line.Owed(path))
                await WriteAsync(late + "\n", cancellationToken);
            await PassAsync(fault, afterLines, cancellationToken);
        }
        finally
        {
            await both.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new StreamReader(upstream, Encoding.UTF8);
            while (await reader.ReadLineAsync(cancellationToken) is { } text)
                await waiting.Writer.WriteAsync(text, cancellationToken);
            waiting.Writer.Complete();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            waiting.Writer.Complete(e);
        }
    }

    private async Task PassAsync(Fault? fault, int afterLines, CancellationToken cancellationToken)
    {
        var passed = new List<string>();
        while (await waiting.Reader.WaitToReadAsync(cancellationToken))
        {
            while (waiting.Reader.TryRead(out var text))
            {
                if (text.Contains("\"type\":\"ERROR\"", StringComparison.Ordinal) && text.Contains("\"code\":410", StringComparison.Ordinal))
                    line.Tally.Add(Fault.Compacted410);
                if (!line.Faulty)
                    fault = null;
                if (fault is { } due && passed.Count >= afterLines && await InjectAsync(due, text, passed, cancellationToken))
                    return;
                if (fault is null or not (Fault.EventDelayed or Fault.EventDuplicated) || passed.Count < afterLines)
                    await WriteAsync(text + "\n", cancellationToken);
                passed.Add(text);
            }
        }
    }

    // True if the stream ends here.
    private async Task<bool> InjectAsync(Fault fault, string text, List<string> passed, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case Fault.WatchEnded:
                line.Tally.Add(fault);
                return true;
            case Fault.WatchReset:
                line.Tally.Add(fault);
                context.Abort();
                return true;
            case Fault.WatchCutMidLine:
                line.Tally.Add(fault);
                await WriteAsync(text[..(1 + line.Next(text.Length - 1))], cancellationToken);
                // Half of them end as if complete: only the missing line feed tells.
                if (line.Next(2) == 0)
                    context.Abort();
                return true;
            case Fault.Event410:
                line.Tally.Add(fault);
                await WriteAsync(Expired + "\n", cancellationToken);
                return true;
            case Fault.WatchStalled:
                line.Tally.Add(fault);
                await Task.Delay(Timeout.Infinite, cancellationToken);
                return true;
            case Fault.EventDuplicated:
                line.Tally.Add(fault);
                var old = passed.Count > 0 && line.Next(2) == 0 ? passed[line.Next(passed.Count)] : text;
                await WriteAsync($"{text}\n{old}\n", cancellationToken);
                return false;
            case Fault.EventDelayed:
                // Time for later lines to arrive, so that there is something to hold this one back behind.
                await Task.Delay(line.Next(40), cancellationToken);
                await WriteAsync(Delay(text, passed), cancellationToken);
                return false;
            default:
                throw new InvalidOperationException($"{fault} is no fault of a watch.");
        }
    }

    // What has already arrived from the server goes first.
    private string Delay(string text, List<string> passed)
    {
        var later = new List<string>();
        while (later.Count < 3 && waiting.Reader.TryPeek(out var next) && !next.Contains("BOOKMARK", StringComparison.Ordinal)
            && !next.Contains("\"type\":\"ERROR\"", StringComparison.Ordinal) && waiting.Reader.TryRead(out next))
            later.Add(next);
        if (later.Count == 0 || text.Contains("BOOKMARK", StringComparison.Ordinal))
            later.Insert(0, text);
        else
        {
            line.Tally.Add(Fault.EventDelayed);
            line.Owe(path, text);
            later.Add(text);
        }

        passed.AddRange(later[..^1]);
        return string.Join('\n', later) + "\n";
    }

    private async Task WriteAsync(string text, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(text, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
