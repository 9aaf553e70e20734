using Ops.Picking;

namespace Ops.Router;

/// <summary>A request whose client waits.</summary>
internal sealed class QueuedRequest(RouteGate gate) : WaitingRequest
{
    // The gate tells the end under its lock: what follows must not run there.
    private readonly TaskCompletionSource<WaitEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How the waiting ended; cancelled when the client left before.</summary>
    internal Task<WaitEnd> Ended => _end.Task;

    /// <summary>The client is gone. One that has just been let in goes on and finds that out by itself.</summary>
    internal void Abandon()
    {
        if (gate.Withdraw(this))
            _end.TrySetCanceled();
    }

    protected override void End(WaitEnd end) => _end.TrySetResult(end);
}
