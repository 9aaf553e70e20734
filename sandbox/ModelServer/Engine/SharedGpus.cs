using Ops.Profiles;

namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>
/// The GPUs of one process and the engines with work on them. Engines that share a GPU take turns step by step, so each of
/// their steps takes as many times as long as there are such engines, and its joules stay; the fleet simulator has the same
/// rule. A GPU without work draws idle watts.
/// </summary>
internal sealed class SharedGpus
{
    private readonly Lock _gate = new();
    private readonly double _idleWatts;
    private readonly int[] _busy;
    private readonly EnergyMeter _idle;
    private double _last;

    public SharedGpus(GpuProduct product, int count, double start)
    {
        _idleWatts = product.IdleWatts;
        _busy = new int[count];
        _last = start;
        _idle = new EnergyMeter(start);
        _idle.Draw(start, _idleWatts * count);
    }

    /// <summary>Watts of the GPUs that have no work.</summary>
    public double IdleWatts
    {
        get
        {
            lock (_gate)
                return _idle.Watts;
        }
    }

    /// <summary>Joules of GPUs while they had no work.</summary>
    public double IdleJoules(double now)
    {
        lock (_gate)
            return _idle.Joules(now);
    }

    /// <summary>Engines with work on the busiest of some GPUs, at least 1.</summary>
    public int Turns(Range gpus)
    {
        lock (_gate)
        {
            var most = 1;
            foreach (var busy in _busy.AsSpan(gpus))
                most = Math.Max(most, busy);
            return most;
        }
    }

    /// <summary>An engine gets work (+1) or has none left (-1).</summary>
    public void Work(Range gpus, int change, double now)
    {
        lock (_gate)
        {
            foreach (ref var busy in _busy.AsSpan(gpus))
                busy += change;
            // Each engine has its own time; what one says late counts from where the last one was.
            _last = Math.Max(_last, now);
            _idle.Draw(_last, _idleWatts * _busy.Count(busy => busy == 0));
        }
    }
}
