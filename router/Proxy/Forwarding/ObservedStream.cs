using System.Runtime.CompilerServices;

namespace Ops.Router;

/// <summary>
/// The upstream's response body as the forwarder reads it: passes the bytes on as they come, in the reader's own
/// buffer, lets the attempt look at them, and ends a broken event stream with an error event instead of silence.
/// </summary>
internal sealed class ObservedStream(Stream inner, UpstreamAttempt attempt) : Stream
{
    private ReadOnlyMemory<byte> _farewell;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_ended)
            return TakeFarewell(buffer);
        int read;
        attempt.Timer.ReadStarted();
        try
        {
            // The forwarder's token is not used: it also guards its writes, and a time limit of the upstream must
            // leave the way to the client open for the error event. The attempt's token covers the client's leaving.
            read = await inner.ReadAsync(buffer, attempt.Timer.Token);
        }
        catch (Exception e)
        {
            (_ended, _farewell) = (true, attempt.FarewellAfter(e));
            if (_farewell.IsEmpty)
                throw;
            return TakeFarewell(buffer);
        }

        // A read into nothing only waits for data; it ended well when the data are there.
        if (buffer.IsEmpty)
            return read;
        if (read > 0)
        {
            attempt.Timer.ReadEnded();
            attempt.Observer.OnBytes(buffer.Span[..read]);
            return read;
        }

        (_ended, _farewell) = (true, attempt.FarewellAfter(exception: null));
        return TakeFarewell(buffer);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private int TakeFarewell(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _farewell.Length);
        _farewell[..count].CopyTo(buffer);
        _farewell = _farewell[count..];
        return count;
    }
}
