using Ops.Picking;

namespace Ops.Router;

/// <summary>Watches a response on its way to the client: when its pieces came, how many events and tokens it held.</summary>
internal sealed class ResponseObserver(TimeProvider time, long startedAt, Objective objective)
{
    private UsageScanner _usage;
    private ReadingQuality _reading;
    private StreamFormat _format;
    private byte _last;
    private byte _beforeLast;

    /// <summary>The prompt that the attempt has sent; a field, because it is changed in place.</summary>
    internal PromptUnderWay Prompt;

    /// <summary>Whether the response is a stream of server-sent events.</summary>
    internal bool IsEventStream { get; private set; }

    internal long Bytes { get; private set; }

    /// <summary>Timestamp of the first byte; 0 until then.</summary>
    internal long FirstByteAt { get; private set; }

    /// <summary>Timestamp of the newest byte.</summary>
    internal long LastByteAt { get; private set; }

    /// <summary>Events that carry a token; in a chat stream the final [DONE] is one of them.</summary>
    internal int Events { get; private set; }

    /// <summary>Whether the stream said that it is complete.</summary>
    internal bool Done { get; private set; }

    /// <summary>What the response answers.</summary>
    internal Operation Operation { get; init; }

    /// <summary>Whether the newest byte ended an event, so that another one may begin.</summary>
    internal bool AtEventBoundary => Bytes == 0 || (_last == (byte)'\n' && _beforeLast is (byte)'\n' or (byte)'\r');

    internal int? ReportedPromptTokens => _usage.PromptTokens;

    internal int? ReportedCompletionTokens => _usage.CompletionTokens;

    /// <summary>Tokens as reported; for a stream without a report its events, since engines send one token an event.</summary>
    internal int? CompletionTokens => _usage.CompletionTokens ?? (IsEventStream ? Math.Max(0, Events - (Done && Operation != Operation.Responses ? 1 : 0)) : null);

    /// <summary>How well the stream has kept up with its reader; null until it has an event.</summary>
    internal double? ReadingQuality => _reading.Value;

    /// <summary>Begins a new attempt's response.</summary>
    internal void Start(bool isEventStream)
    {
        IsEventStream = isEventStream;
        Bytes = FirstByteAt = LastByteAt = 0;
        Events = 0;
        Done = false;
        _usage = default;
        _reading = new ReadingQuality(objective.TimeToFirstToken, objective.TimePerOutputToken);
        _format = new StreamFormat(Operation);
        _last = _beforeLast = 0;
    }

    internal void OnBytes(ReadOnlySpan<byte> piece)
    {
        LastByteAt = time.GetTimestamp();
        if (Bytes == 0)
        {
            FirstByteAt = LastByteAt;
            Prompt.Began();
        }

        Bytes += piece.Length;
        _beforeLast = piece.Length > 1 ? piece[^2] : _last;
        _last = piece[^1];
        _usage.OnBytes(piece);
        if (!IsEventStream)
            return;
        var came = _format.Tokens(piece);
        Events += came;
        if (_format.Ends(piece))
            (Done, came) = (true, came - _format.EventsOfEnd);
        _reading.Add(came, time.GetElapsedTime(startedAt, LastByteAt).TotalSeconds);
    }

    /// <summary>The event that ends a broken stream; a half-written line before it is closed first.</summary>
    internal ReadOnlyMemory<byte> Farewell(OpenAiError error) =>
        AtEventBoundary ? _format.Farewell(error) : (byte[])[.. "\n\n"u8, .. _format.Farewell(error)];
}
