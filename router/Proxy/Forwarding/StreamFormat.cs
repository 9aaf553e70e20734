namespace Ops.Router;

/// <summary>
/// How an operation's event stream shows tokens and its proper end.
/// Chat: data: {...} for each token, then data: [DONE].
/// Responses: event: response.output_text.delta for each token, then response.completed, .incomplete or .failed, or error.
/// </summary>
internal struct StreamFormat
{
    private readonly bool _isResponses;
    private int _matchedToken;
    private int _matchedEnd;
    private int _matchedIncomplete;
    private int _matchedFailed;
    private int _matchedError;

    internal StreamFormat(Operation operation)
    {
        _isResponses = operation == Operation.Responses;
        // A stream begins at the start of a line: as if a line break stood before it.
        _matchedToken = _matchedEnd = _matchedIncomplete = _matchedFailed = _matchedError = 1;
    }

    /// <summary>Events that <see cref="Tokens"/> counts and that carry no token but the end.</summary>
    internal readonly int EventsOfEnd => _isResponses ? 0 : 1;

    /// <summary>Tokens in a piece, by events; in a chat stream the final [DONE] is one of them.</summary>
    internal int Tokens(ReadOnlySpan<byte> piece) =>
        BytePattern.Count(_isResponses ? "\nevent: response.output_text.delta"u8 : "\ndata:"u8, piece, ref _matchedToken);

    /// <summary>Whether the piece says that the stream is complete.</summary>
    internal bool Ends(ReadOnlySpan<byte> piece)
    {
        if (!_isResponses)
            return BytePattern.Count("\ndata: [DONE]"u8, piece, ref _matchedEnd) > 0;
        var ends = BytePattern.Count("\nevent: response.completed"u8, piece, ref _matchedEnd);
        ends += BytePattern.Count("\nevent: response.incomplete"u8, piece, ref _matchedIncomplete);
        ends += BytePattern.Count("\nevent: response.failed"u8, piece, ref _matchedFailed);
        return ends + BytePattern.Count("\nevent: error"u8, piece, ref _matchedError) > 0;
    }

    /// <summary>The event that ends a broken stream, in the operation's own shape.</summary>
    internal readonly byte[] Farewell(OpenAiError error) => _isResponses
        ? [.. "event: error\ndata: "u8, .. error.EventJson().Span, .. "\n\n"u8]
        : [.. "data: "u8, .. error.Json().Span, .. "\n\n"u8];
}
