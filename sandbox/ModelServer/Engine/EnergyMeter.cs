namespace Ops.Sandbox.ModelServer.Engine;

/// <summary>
/// Integrates power over engine time: the energy of a step is spread evenly over it, and the time between steps counts at idle
/// watts. Not thread-safe.
/// </summary>
internal sealed class EnergyMeter(double start)
{
    private double _joules;
    private double _from = start;
    private double _until = double.PositiveInfinity;
    private double _watts;

    /// <summary>Power now.</summary>
    public double Watts => _watts;

    /// <summary>From <paramref name="from"/> on the power is <paramref name="watts"/>, until further notice.</summary>
    public void Draw(double from, double watts) => Draw(from, double.PositiveInfinity, watts);

    /// <summary>As above, but it counts no longer than <paramref name="until"/>, even if the next notice comes late.</summary>
    public void Draw(double from, double until, double watts)
    {
        _joules = Joules(from);
        _from = from;
        _until = until;
        _watts = watts;
    }

    /// <summary>Energy from the start until <paramref name="now"/>; it never falls.</summary>
    public double Joules(double now) => _joules + (_watts * Math.Max(0, Math.Min(now, _until) - _from));
}
