using Ops.Traces;

namespace Ops.Load;

/// <summary>The open loop: one dispatcher that keeps to the trace's times, and a task for each request under way.</summary>
internal sealed class Replay : IDisposable
{
    // A timer cannot be set finer than this; what is due sooner is sent now.
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(1);

    private readonly LoadOptions _options;
    private readonly TimeProvider _time;
    private readonly TraceRequest[] _requests;
    // One object of about 120 bytes a request, so 120 MB at the default bound of a million.
    private readonly RequestResult?[] _results;
    private readonly RequestSender _sender;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _start;
    private long _tokens;
    private int _sent, _open = 1, _answered, _rejected, _failed, _dropped;

    public Replay(LoadOptions options)
    {
        _options = options;
        _time = options.TimeProvider;
        _requests = [.. options.Trace.Requests.TakeWhile(r => options.For is not { } span || Due(r) <= span).Take(options.MaxRequests)];
        _results = new RequestResult?[_requests.Length];
        _sender = new RequestSender(options, count => Interlocked.Add(ref _tokens, count));
    }

    public int Planned => _requests.Length;

    public IReadOnlyList<RequestResult> Results => [.. _results.OfType<RequestResult>()];

    public LoadProgress Progress => new(
        _time.GetElapsedTime(_start), Planned, Volatile.Read(ref _sent), Volatile.Read(ref _open) - (_dispatching ? 1 : 0), Volatile.Read(ref _answered),
        Volatile.Read(ref _rejected), Volatile.Read(ref _failed), Volatile.Read(ref _dropped), Interlocked.Read(ref _tokens));

    private volatile bool _dispatching = true;

    /// <summary>Returns when every request sent has its outcome; the time from the start to then.</summary>
    public async Task<TimeSpan> RunAsync(CancellationToken cancellationToken)
    {
        _start = _time.GetTimestamp();
        try
        {
            for (var i = 0; i < _requests.Length; i++)
            {
                var due = Due(_requests[i]);
                await WaitUntilAsync(due, cancellationToken);
                Dispatch(i, due, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nothing more is sent; what is under way ends as abandoned.
        }
        _dispatching = false;
        Leave();
        await _idle.Task;
        return _time.GetElapsedTime(_start);
    }

    public void Dispose() => _sender.Dispose();

    private TimeSpan Due(TraceRequest request) => request.Arrival / _options.Speedup;

    private async Task WaitUntilAsync(TimeSpan due, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (due - _time.GetElapsedTime(_start) is var left && left >= Resolution)
            await Task.Delay(left, _time, cancellationToken);
    }

    private void Dispatch(int index, TimeSpan due, CancellationToken cancellationToken)
    {
        // The dispatcher itself counts as one, so that the count reaches 0 only after the last request.
        if (Volatile.Read(ref _open) > _options.MaxConcurrent)
        {
            Interlocked.Increment(ref _dropped);
            _results[index] = new RequestResult(Outcome.Dropped) { Problem = $"not sent: {_options.MaxConcurrent} requests were under way" };
            return;
        }
        Interlocked.Increment(ref _open);
        Interlocked.Increment(ref _sent);
        _ = Task.Run(() => OneAsync(index, due, cancellationToken), CancellationToken.None);
    }

    private async Task OneAsync(int index, TimeSpan due, CancellationToken cancellationToken)
    {
        var lag = (_time.GetElapsedTime(_start) - due).TotalSeconds;
        RequestResult result;
        try
        {
            result = await _sender.SendAsync(_requests[index], index, cancellationToken);
        }
        catch (Exception e)
        {
            // One request must not end the run; its kind of failure is in the report.
            result = RequestResult.Failure($"{e.GetType().Name}: {e.Message}");
        }
        _results[index] = result with { Lag = Math.Max(0, lag) };
        _ = result.Outcome switch
        {
            Outcome.Answered => Interlocked.Increment(ref _answered),
            Outcome.Rejected => Interlocked.Increment(ref _rejected),
            Outcome.Failed => Interlocked.Increment(ref _failed),
            _ => 0,
        };
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _idle.TrySetResult();
    }
}
