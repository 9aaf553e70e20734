namespace Ops.Router;

/// <summary>
/// The client's body with the model's name replaced by the pool's: three pieces read one after the other, nothing
/// copied but into the connection's own buffer.
/// </summary>
internal sealed class SplicedBody : Stream
{
    private readonly ReadOnlyMemory<byte> _before;
    private readonly ReadOnlyMemory<byte> _model;
    private readonly ReadOnlyMemory<byte> _after;
    private readonly Action _sent;
    private int _position;
    private bool _closed;

    /// <summary>Creates the body of one attempt.</summary>
    /// <param name="body">The client's body; must stay valid until this stream is closed.</param>
    /// <param name="modelToken">The model's JSON string in it.</param>
    /// <param name="model">The JSON string to send instead, quotes included.</param>
    /// <param name="sent">Called when the last byte was taken.</param>
    internal SplicedBody(ReadOnlyMemory<byte> body, Range modelToken, ReadOnlyMemory<byte> model, Action sent)
    {
        var (offset, length) = modelToken.GetOffsetAndLength(body.Length);
        _before = body[..offset];
        _model = model;
        _after = body[(offset + length)..];
        _sent = sent;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => _before.Length + _model.Length + _after.Length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        // After the attempt the pooled bytes belong to another request.
        ObjectDisposedException.ThrowIf(_closed, this);
        var copied = 0;
        copied += Copy(_before, 0, buffer);
        copied += Copy(_model, _before.Length, buffer[copied..]);
        copied += Copy(_after, _before.Length + _model.Length, buffer[copied..]);
        if (_position == Length && buffer.Length > 0)
            _sent();
        return copied;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _closed = true;
        base.Dispose(disposing);
    }

    private int Copy(ReadOnlyMemory<byte> piece, int start, Span<byte> buffer)
    {
        var offset = _position - start;
        if (offset < 0 || offset >= piece.Length || buffer.IsEmpty)
            return 0;
        var count = Math.Min(piece.Length - offset, buffer.Length);
        piece.Span.Slice(offset, count).CopyTo(buffer);
        _position += count;
        return count;
    }
}
