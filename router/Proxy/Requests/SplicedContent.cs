using System.Net;

namespace Ops.Router;

/// <summary>
/// The client's body with the model's name replaced by the pool's: three pieces written one after the other straight
/// from the buffer into the upstream connection, nothing copied on the way.
/// </summary>
internal sealed class SplicedContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _before;
    private readonly ReadOnlyMemory<byte> _model;
    private readonly ReadOnlyMemory<byte> _after;
    private int _state;

    /// <summary>Creates the body of one attempt.</summary>
    /// <param name="body">The client's body; must stay valid until <see cref="Close"/> says that nobody reads it.</param>
    /// <param name="modelToken">The model's JSON string in it.</param>
    /// <param name="model">The JSON string to send instead, quotes included.</param>
    internal SplicedContent(ReadOnlyMemory<byte> body, Range modelToken, ReadOnlyMemory<byte> model)
    {
        var (offset, length) = modelToken.GetOffsetAndLength(body.Length);
        _before = body[..offset];
        _model = model;
        _after = body[(offset + length)..];
    }

    private enum State
    {
        Waiting,
        Sending,
        Sent,
        Closed,
    }

    /// <summary>Bytes in all.</summary>
    internal long Length => _before.Length + _model.Length + _after.Length;

    /// <summary>Called when the last byte was handed over.</summary>
    internal Action? Sent { get; set; }

    /// <summary>Ends the attempt: the body is not sent any more.</summary>
    /// <returns>
    /// False when a broken-off upload may still be reading the buffer, which then must not serve another request: its
    /// bytes could end up at this one's replica.
    /// </returns>
    internal bool Close() => (State)Interlocked.Exchange(ref _state, (int)State.Closed) != State.Sending;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(!Move(State.Waiting, State.Sending), this);
        try
        {
            await stream.WriteAsync(_before, cancellationToken);
            await stream.WriteAsync(_model, cancellationToken);
            await stream.WriteAsync(_after, cancellationToken);
        }
        finally
        {
            Move(State.Sending, State.Sent);
        }

        Sent?.Invoke();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = Length;
        return true;
    }

    private bool Move(State from, State to) => Interlocked.CompareExchange(ref _state, (int)to, (int)from) == (int)from;
}
