namespace Ops.Router;

/// <summary>A whole request body in one pooled buffer. One piece, because the parser is fastest on one piece.</summary>
internal sealed class RequestBody : IDisposable
{
    // What a client merely promises costs at most this much; the buffer grows with what really arrives. A prompt of
    // 220 KB fits without growing.
    private const int FirstBufferBytes = BodyBuffers.LongBytes;
    private const int UnknownLengthFirstBytes = 16 << 10;

    private readonly BodyBudget _budget;
    private byte[] _buffer = [];
    private int _charged;
    private bool _abandoned;

    private RequestBody(BodyBudget budget) => _budget = budget;

    internal int Length { get; private set; }

    internal ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Length);

    internal ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    /// <summary>Reads the body.</summary>
    /// <returns>The body, or why it was not read: 413 above the limit, 503 when the budget of all requests is used up.</returns>
    internal static async ValueTask<(RequestBody? Body, OpenAiError? Error)> ReadAsync(HttpRequest request, int limit, BodyBudget budget, CancellationToken cancellationToken)
    {
        // A body that announces its size is refused unread.
        if (request.ContentLength > limit)
            return (null, TooLarge(limit));

        var body = new RequestBody(budget);
        var keep = false;
        try
        {
            var error = await body.FillAsync(request, limit, cancellationToken);
            keep = error is null;
            return keep ? (body, null) : (null, error);
        }
        finally
        {
            if (!keep)
                body.Dispose();
        }
    }

    /// <summary>Leaves the bytes to the garbage collector: something may still read them after this request's end.</summary>
    internal void Abandon() => _abandoned = true;

    public void Dispose()
    {
        if (_buffer.Length > 0 && !_abandoned)
            BodyBuffers.Return(_buffer);
        _buffer = [];
        Length = 0;
        _budget.Return(_charged);
        _charged = 0;
    }

    internal static OpenAiError TooLarge(int limit) => new(
        StatusCodes.Status413PayloadTooLarge,
        "request_too_large",
        $"The request body is larger than {limit} bytes. Shorten the prompt, or raise Router__MaxBodyBytes of the router.");

    private static OpenAiError OverBudget() => new(
        StatusCodes.Status503ServiceUnavailable,
        "router_overloaded",
        "The router holds too many request bodies at the moment. Try again.",
        RetryAfterSeconds: 1);

    private async ValueTask<OpenAiError?> FillAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        var promised = (int?)request.ContentLength;
        if (!TryGrow(Math.Min(promised ?? UnknownLengthFirstBytes, FirstBufferBytes)))
            return OverBudget();
        while (true)
        {
            if (Length == _buffer.Length && Length != promised && !TryGrow((int)Math.Min(Length * 2L, limit + 1L)))
                return OverBudget();
            if (Length == promised)
                return null;
            var read = await request.Body.ReadAsync(_buffer.AsMemory(Length), cancellationToken);
            if (read == 0)
                return null;
            Length += read;
            if (Length > limit)
                return TooLarge(limit);
        }
    }

    private bool TryGrow(int bytes)
    {
        if (!_budget.TryTake(bytes))
            return false;
        var larger = BodyBuffers.Rent(Math.Max(bytes, 1));
        _buffer.AsSpan(0, Length).CopyTo(larger);
        if (_buffer.Length > 0)
            BodyBuffers.Return(_buffer);
        _buffer = larger;
        _budget.Return(_charged);
        _charged = bytes;
        return true;
    }
}
