using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;

namespace Ops.Router;

/// <summary>One line of the access log. Holds no text of prompt, answer or key.</summary>
internal sealed record AccessEntry
{
    public required DateTimeOffset At { get; init; }

    public required string Path { get; init; }

    /// <summary>Who asked; its id is written, and its tenant.</summary>
    public Caller? Caller { get; set; }

    public string? Route { get; set; }

    public string? Variant { get; set; }

    public string? Replica { get; set; }

    public string Outcome { get; set; } = Outcomes.Refused;

    public int Status { get; set; }

    public string? Code { get; set; }

    public int Attempts { get; set; }

    public bool Stream { get; set; }

    public int BodyBytes { get; set; }

    public int PromptTokens { get; set; }

    public int CompletionTokens { get; set; }

    /// <summary>Its share of GPU joules by the pool's profile; null without one.</summary>
    public double? Joules { get; set; }

    public double Milliseconds { get; set; }

    public double? FirstByteMilliseconds { get; set; }

    /// <summary>How long it waited for room; null when there was room at once.</summary>
    public double? QueuedMilliseconds { get; set; }
}

/// <summary>
/// Writes one JSON object a request to standard output, from one task, many lines at a time: a console logger would
/// cost as much as the forwarding. Requests never wait for it; what does not fit is dropped and counted.
/// </summary>
internal sealed class AccessLog : BackgroundService
{
    // About 300 bytes each: 8,192 lines are 2.4 MB, and 160,000 requests a second for as long as they gather.
    private const int Capacity = 8_192;
    private const int FlushBytes = 64 << 10;

    // Waking a task and writing to a pipe for each request costs a tenth of forwarding it.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    private readonly Channel<AccessEntry> _entries = Channel.CreateBounded<AccessEntry>(new BoundedChannelOptions(Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly ArrayBufferWriter<byte> _buffer = new(FlushBytes);
    private readonly RouterMetrics _metrics;
    private readonly Stream _output;

    internal AccessLog(RouterMetrics metrics, Stream output)
    {
        _metrics = metrics;
        _output = output;
    }

    internal void Add(AccessEntry entry)
    {
        if (!_entries.Writer.TryWrite(entry))
            _metrics.LogDropped.Inc();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Requests are over when hosted services stop in reverse order; what they wrote is still written out.
        _entries.Writer.TryComplete();
        if (ExecuteTask is { } task)
            await task.WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var writer = new Utf8JsonWriter(_buffer);
        while (await _entries.Reader.WaitToReadAsync(CancellationToken.None))
        {
            if (!stoppingToken.IsCancellationRequested)
                await Task.Delay(Gather, CancellationToken.None);
            while (_entries.Reader.TryRead(out var entry))
            {
                Append(writer, entry);
                if (_buffer.WrittenCount >= FlushBytes)
                    await WriteOutAsync();
            }

            await WriteOutAsync();
        }
    }

    private async Task WriteOutAsync()
    {
        await _output.WriteAsync(_buffer.WrittenMemory, CancellationToken.None);
        await _output.FlushAsync(CancellationToken.None);
        _buffer.ResetWrittenCount();
    }

    private void Append(Utf8JsonWriter writer, AccessEntry entry)
    {
        writer.Reset();
        writer.WriteStartObject();
        writer.WriteString("time", entry.At);
        writer.WriteString("log", "access");
        writer.WriteString("path", entry.Path);
        writer.WriteNumber("status", entry.Status);
        writer.WriteString("outcome", entry.Outcome);
        WriteIf(writer, "code", entry.Code);
        WriteIf(writer, "key", entry.Caller?.Id);
        WriteIf(writer, "tenant", entry.Caller?.Tenant);
        WriteIf(writer, "route", entry.Route);
        WriteIf(writer, "variant", entry.Variant);
        WriteIf(writer, "replica", entry.Replica);
        writer.WriteNumber("attempts", entry.Attempts);
        writer.WriteBoolean("stream", entry.Stream);
        writer.WriteNumber("bodyBytes", entry.BodyBytes);
        writer.WriteNumber("promptTokens", entry.PromptTokens);
        writer.WriteNumber("completionTokens", entry.CompletionTokens);
        if (entry.Joules is { } joules)
            writer.WriteNumber("joules", Math.Round(joules, 1));
        writer.WriteNumber("ms", Math.Round(entry.Milliseconds, 1));
        if (entry.QueuedMilliseconds is { } queued)
            writer.WriteNumber("queuedMs", Math.Round(queued, 1));
        if (entry.FirstByteMilliseconds is { } first)
            writer.WriteNumber("firstByteMs", Math.Round(first, 1));
        writer.WriteEndObject();
        writer.Flush();
        _buffer.Write("\n"u8);
    }

    private static void WriteIf(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }
}
