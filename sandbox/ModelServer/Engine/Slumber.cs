namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>Where an engine stands between serving and sleep (vLLM's level 1: weights in host memory, cache discarded).</summary>
internal enum SleepState
{
    /// <summary>Serves.</summary>
    Awake,

    /// <summary>Takes no more requests and ends those it has.</summary>
    Draining,

    /// <summary>Weights in host memory.</summary>
    Asleep,

    /// <summary>Loads them.</summary>
    Waking,
}

/// <summary>An engine's way to sleep and back. Not thread-safe; the engine holds the lock, and completes what waits after it.</summary>
internal sealed class Slumber
{
    private TaskCompletionSource _asleep = NewEnd();
    private TaskCompletionSource _awake = NewEnd();

    public SleepState State { get; private set; } = SleepState.Awake;

    /// <summary>Completes when the engine sleeps, or has been woken before that.</summary>
    public Task ToSleep()
    {
        if (State == SleepState.Awake)
            (State, _asleep, _awake) = (SleepState.Draining, NewEnd(), NewEnd());
        return State == SleepState.Waking ? Task.CompletedTask : _asleep.Task;
    }

    /// <summary>Completes when the engine serves; whether the weights have to be loaded is in <see cref="State"/> afterwards.</summary>
    public Task ToWake()
    {
        if (State == SleepState.Awake)
            return Task.CompletedTask;
        if (State == SleepState.Draining)
            Awake();
        else if (State == SleepState.Asleep)
            State = SleepState.Waking;
        return _awake.Task;
    }

    /// <summary>The last request has ended.</summary>
    public void Asleep()
    {
        State = SleepState.Asleep;
        _asleep.TrySetResult();
    }

    /// <summary>The weights are there.</summary>
    public void Awake()
    {
        State = SleepState.Awake;
        _asleep.TrySetResult();
        _awake.TrySetResult();
    }

    private static TaskCompletionSource NewEnd() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
