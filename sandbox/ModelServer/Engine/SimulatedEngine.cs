using Ops.Profiles;
using Ops.Sandbox.ModelServer.Metrics;

namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>
/// The scheduler loop: plan a step, wait until its absolute end, hand out its tokens. Engine time is the sum of step times, so
/// a late timer delays one token and not the speed of the run.
/// </summary>
internal sealed class SimulatedEngine : IAsyncDisposable
{
    // Engine time that has fallen this far behind, because the process got no processor, is given up instead of caught up.
    private const double MaxLagSeconds = 0.5;

    private readonly Lock _gate = new();
    private readonly ServingProfile _profile;
    private readonly Batch _batch;
    private readonly BatchLimits _limits;
    private readonly EngineClock _clock;
    private readonly EnergyMeter _meter;
    private readonly SharedGpus _gpus;
    private readonly Range _own;
    private readonly bool _countsIdle;
    private readonly ServerMetrics _metrics;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Sequence> _advanced;
    private readonly TimeSpan _loadTime;
    private readonly Slumber _slumber = new();
    private Task _loop = Task.CompletedTask;
    private int _lastSequences = 1;
    private bool _busy;
    private double _lag;
    private volatile bool _ready;
    private int _disposed;

    /// <param name="profile">Time and energy of the model.</param>
    /// <param name="limits">Bounds of the batch.</param>
    /// <param name="loadTime">Until the simulated weights are loaded.</param>
    /// <param name="clock">Of all engines on the same GPUs.</param>
    /// <param name="gpus">The GPUs of the process, with their clock and power limit.</param>
    /// <param name="firstGpu">The first of them that the model runs on; as many as the profile has.</param>
    /// <param name="countsIdle">Whether the idle watts of the GPUs are in its figures: one engine of a process counts them.</param>
    /// <param name="metrics">Where it shows itself.</param>
    public SimulatedEngine(
        ServingProfile profile, BatchLimits limits, TimeSpan loadTime, EngineClock clock, SharedGpus gpus, int firstGpu, bool countsIdle, ServerMetrics metrics)
    {
        _profile = profile;
        _limits = limits;
        _batch = new Batch(profile, limits);
        _advanced = new List<Sequence>(limits.MaxSequences);
        _clock = clock;
        _loadTime = loadTime;
        _metrics = metrics;
        _meter = new EnergyMeter(clock.Now);
        (_gpus, _own, _countsIdle) = (gpus, firstGpu..(firstGpu + profile.GpuCount), countsIdle);
        _gpus.Join(_own, clock.Now);
        _metrics.Cache(limits.CacheTokens);
        _metrics.BeforeCollect(Observe);
    }

    /// <summary>True once the simulated weights are loaded.</summary>
    public bool Ready => _ready;

    public ServingProfile Profile => _profile;

    public BatchLimits Limits => _limits;

    /// <summary>Clock and power limit of the GPUs, for all engines on them; takes effect with the next step.</summary>
    public PowerSetting Setting
    {
        get => _gpus.Setting;
        set => _gpus.Setting = value;
    }

    /// <summary>Where it stands between serving and sleep.</summary>
    public SleepState Sleep
    {
        get
        {
            lock (_gate)
                return _slumber.State;
        }
    }

    /// <summary>The simulated hardware as it is now.</summary>
    public (double Watts, double Joules, double ClockMHz, bool Outside) Power
    {
        get
        {
            lock (_gate)
            {
                var (batch, setting) = (Math.Max(1, _lastSequences), Setting);
                return (Watts, Joules, _profile.DecodeClockMHz(batch, setting), _profile.OutsideMeasuredRange(batch, setting));
            }
        }
    }

    private double Watts => _meter.Watts + (_countsIdle ? _gpus.IdleWatts : 0);

    private double Joules => _meter.Joules(_clock.Now) + (_countsIdle ? _gpus.IdleJoules(_clock.Now) : 0);

    /// <summary>Running and waiting sequences.</summary>
    public (int Running, int Waiting) Load
    {
        get
        {
            lock (_gate)
                return (_batch.Running, _batch.Waiting);
        }
    }

    public void Start() => _loop = Task.Run(() => RunAsync(_stop.Token));

    /// <summary>Queues a request; null when too many wait, or when it does not serve (see <see cref="Sleep"/>).</summary>
    public Sequence? Submit(int promptTokens, int targetTokens, FinishReason atTarget)
    {
        var sequence = new Sequence(promptTokens, targetTokens, atTarget, _clock.Now);
        lock (_gate)
        {
            if (_slumber.State != SleepState.Awake || !_batch.TryEnqueue(sequence))
                return null;
        }
        Wake();
        return sequence;
    }

    /// <summary>The client has gone: its slot and cache are free from this moment.</summary>
    public void Abort(Sequence sequence)
    {
        int tokens;
        lock (_gate)
        {
            if (!_batch.Remove(sequence))
                return;
            tokens = sequence.Generated;
            _metrics.Finished(sequence, FinishReason.Abort, _clock.Now);
        }
        sequence.Publish(tokens, FinishReason.Abort);
    }

    /// <summary>Takes no more requests, ends those it has, and moves the weights to host memory; completes then.</summary>
    public Task SleepAsync()
    {
        Task end;
        lock (_gate)
            end = _slumber.ToSleep();
        Wake();
        return end.WaitAsync(_stop.Token);
    }

    /// <summary>Loads the weights from host memory; completes when it serves again.</summary>
    public Task WakeUpAsync()
    {
        Task end;
        lock (_gate)
            end = _slumber.ToWake();
        Wake();
        return end.WaitAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stop.CancelAsync();
        await _loop;
        List<Sequence> left;
        lock (_gate)
            left = _batch.Clear();
        foreach (var sequence in left)
            sequence.Publish(sequence.Generated, FinishReason.Abort);
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await _clock.DelayUntilAsync(_clock.Now + _loadTime.TotalSeconds, stop);
            _ready = true;
            var at = _clock.Now;
            while (!stop.IsCancellationRequested)
                at = await StepAsync(at, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The server is stopping.
        }
    }

    /// <summary>One step from engine time <paramref name="at"/>, or a wait for work; returns the engine time after it.</summary>
    private async Task<double> StepAsync(double at, CancellationToken stop)
    {
        StepPlan plan;
        lock (_gate)
        {
            plan = _batch.Plan(at, Setting);
            if (plan.IsEmpty == _busy)
            {
                _busy = !_busy;
                _gpus.Work(_own, _busy ? 1 : -1, at);
            }

            if (plan.IsEmpty)
            {
                _meter.Draw(at, 0);
            }
            else
            {
                plan = plan.InTurnsOf(_gpus.Turns(_own));
                _meter.Draw(at, at + plan.Cost.Seconds, plan.Cost.Watts);
            }
        }
        if (plan.IsEmpty)
        {
            await RestAsync(stop);
            return Math.Max(at, _clock.Now);
        }
        var end = at + plan.Cost.Seconds;
        await _clock.DelayUntilAsync(end, stop);
        Complete(plan, end);
        _lag = _clock.Now - end;
        return _lag > MaxLagSeconds ? _clock.Now : end;
    }

    // Without work: asleep if that is wanted, until there is work again or a wish to be woken.
    private async Task RestAsync(CancellationToken stop)
    {
        bool loads;
        lock (_gate)
        {
            if (_slumber.State == SleepState.Draining)
            {
                _gpus.Sleep(_own, 1, _clock.Now);
                _slumber.Asleep();
            }

            loads = _slumber.State == SleepState.Waking;
            if (loads)
                _gpus.Sleep(_own, -1, _clock.Now);
        }

        if (!loads)
        {
            await _wake.WaitAsync(stop);
            return;
        }

        await _clock.DelayUntilAsync(_clock.Now + _profile.WakeSeconds, stop);
        lock (_gate)
            _slumber.Awake();
    }

    private void Complete(StepPlan plan, double end)
    {
        lock (_gate)
        {
            _lastSequences = plan.Sequences;
            _batch.Complete(end, _advanced);
            _metrics.Step(plan, _advanced.Count);
            foreach (var sequence in _advanced)
            {
                if (sequence.Generated == 1)
                    _metrics.FirstToken(sequence, end);
                if (sequence.Left)
                    _metrics.Finished(sequence, sequence.AtTarget, end);
            }
        }
        foreach (var sequence in _advanced)
            sequence.Publish(sequence.Generated, sequence.Left && sequence.Generated == sequence.TargetTokens ? sequence.AtTarget : FinishReason.None);
        _advanced.Clear();
    }

    private void Observe()
    {
        lock (_gate)
        {
            var setting = Setting;
            _metrics.Gauges(
                _batch.Running, _batch.Waiting, _batch.CacheUsage, Watts, Joules,
                _profile.DecodeClockMHz(Math.Max(1, _lastSequences), setting), setting.PowerLimitWatts, _lag, asleep: _slumber.State is SleepState.Asleep or SleepState.Waking);
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // A wake-up is pending already.
        }
    }
}
