using Ops.Profiles;

namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>
/// The GPUs of one process, their clock and power limit, and the engines on them. Engines that share a GPU take turns step by
/// step, so each of their steps takes as many times as long as there are engines with work, and its joules stay; the fleet
/// simulator has the same rule. A GPU without work draws idle watts, or sleep watts while all of its engines sleep.
/// </summary>
internal sealed class SharedGpus
{
    private readonly Lock _gate = new();
    private readonly double _idleWatts;
    private readonly double _sleepWatts;
    private readonly int[] _engines;
    private readonly int[] _busy;
    private readonly int[] _asleep;
    private readonly EnergyMeter _idle;
    private PowerSetting _setting;
    private double _last;

    /// <param name="product">The GPU.</param>
    /// <param name="count">How many.</param>
    /// <param name="start">Engine seconds now.</param>
    /// <param name="setting">Clock and power limit at the start; null for the GPU's own.</param>
    /// <param name="sleepWatts">Watts of a GPU all of whose engines sleep; null for the product's assumption.</param>
    public SharedGpus(GpuProduct product, int count, double start, PowerSetting? setting = null, double? sleepWatts = null)
    {
        _idleWatts = product.IdleWatts;
        _sleepWatts = sleepWatts ?? product.SleepWatts;
        _setting = setting ?? product.Default;
        (_engines, _busy, _asleep) = (new int[count], new int[count], new int[count]);
        _last = start;
        _idle = new EnergyMeter(start);
        _idle.Draw(start, _idleWatts * count);
    }

    /// <summary>Clock and power limit of all of them, so of every engine; takes effect with the next step.</summary>
    public PowerSetting Setting
    {
        get
        {
            lock (_gate)
                return _setting;
        }
        set
        {
            lock (_gate)
                _setting = value;
        }
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

    /// <summary>An engine is on these GPUs from now on.</summary>
    public void Join(Range gpus, double now) => Change(_engines, gpus, 1, now);

    /// <summary>An engine gets work (+1) or has none left (-1).</summary>
    public void Work(Range gpus, int change, double now) => Change(_busy, gpus, change, now);

    /// <summary>An engine's weights go to host memory (+1) or begin to come back (-1).</summary>
    public void Sleep(Range gpus, int change, double now) => Change(_asleep, gpus, change, now);

    private void Change(int[] counts, Range gpus, int change, double now)
    {
        lock (_gate)
        {
            foreach (ref var count in counts.AsSpan(gpus))
                count += change;
            // Each engine has its own time; what one says late counts from where the last one was.
            _last = Math.Max(_last, now);
            var watts = 0.0;
            for (var gpu = 0; gpu < _busy.Length; gpu++)
            {
                if (_busy[gpu] == 0)
                    watts += _engines[gpu] > 0 && _asleep[gpu] == _engines[gpu] ? _sleepWatts : _idleWatts;
            }

            _idle.Draw(_last, watts);
        }
    }
}
