namespace Ops.Learning;

/// <summary>
/// What the GPUs draw while no engine computes on them: idle watts with a model loaded or loading, sleep watts while all
/// of its models sleep, nothing when there is none. Counts the engines with work, so that those that share a GPU know
/// how often it is their turn.
/// </summary>
internal sealed class GpuMeter
{
    private readonly Engine[] _engines;
    private readonly double _sleepWatts;
    private readonly double[] _idleWatts;
    private readonly int[] _busy;
    private readonly double[] _watts;
    private readonly double[] _since;
    private double _joules;

    public GpuMeter(SimulatedFleet fleet, Engine[] engines, double sleepWatts)
    {
        _engines = engines;
        _sleepWatts = sleepWatts;
        _idleWatts = new double[fleet.GpuCount];
        _busy = new int[fleet.GpuCount];
        _watts = new double[fleet.GpuCount];
        _since = new double[fleet.GpuCount];
        foreach (var engine in engines)
        {
            foreach (var gpu in engine.Gpus)
                _idleWatts[gpu] = engine.Pool.Profile.Gpu.IdleWatts;
        }

        for (var gpu = 0; gpu < _watts.Length; gpu++)
            _watts[gpu] = Watts(gpu);
    }

    /// <summary>Engines with work on the busiest of an engine's GPUs, itself included.</summary>
    public int Turns(Engine engine)
    {
        var most = 1;
        foreach (var gpu in engine.Gpus)
            most = Math.Max(most, _busy[gpu]);
        return most;
    }

    /// <summary>An engine gets work or has none left.</summary>
    public void Work(Engine engine, int change, double now)
    {
        foreach (var gpu in engine.Gpus)
        {
            _busy[gpu] += change;
            Settle(gpu, now);
        }
    }

    /// <summary>The status of an engine has changed.</summary>
    public void Changed(Engine engine, double now)
    {
        foreach (var gpu in engine.Gpus)
            Settle(gpu, now);
    }

    public double Joules(double now)
    {
        var joules = _joules;
        for (var gpu = 0; gpu < _watts.Length; gpu++)
            joules += _watts[gpu] * (now - _since[gpu]);
        return joules;
    }

    public void CopyFrom(GpuMeter other)
    {
        other._busy.CopyTo(_busy, 0);
        other._watts.CopyTo(_watts, 0);
        other._since.CopyTo(_since, 0);
        _joules = other._joules;
    }

    private void Settle(int gpu, double now)
    {
        _joules += _watts[gpu] * (now - _since[gpu]);
        _since[gpu] = now;
        _watts[gpu] = Watts(gpu);
    }

    private double Watts(int gpu)
    {
        if (_busy[gpu] > 0)
            return 0;
        var watts = 0.0;
        foreach (var engine in _engines)
        {
            if (!engine.Gpus.Contains(gpu) || engine.Status == ReplicaStatus.Off)
                continue;
            if (engine.Status != ReplicaStatus.Asleep)
                return _idleWatts[gpu];
            watts = _sleepWatts;
        }

        return watts;
    }
}
