using System.Runtime.InteropServices;

namespace Ops.Profiles;

/// <summary>
/// Power while decoding by running batch, all GPUs of the replica together, at default clocks:
/// <c>P(b) = Floor + Rise b / (b + Half)</c>, in watts. It saturates, because a full batch cannot draw more than the board gives.
/// </summary>
/// <param name="FloorWatts">Watts of decoding as the batch goes to 0; not the idle power, which the source does not measure.</param>
/// <param name="RiseWatts">Watts between the floor and the asymptote.</param>
/// <param name="Half">Batch at which half of the rise is reached.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PowerCurve(double FloorWatts, double RiseWatts, double Half)
{
    /// <summary>The same curve with so many times the watts.</summary>
    public PowerCurve Times(double factor) => new(FloorWatts * factor, RiseWatts * factor, Half);

    /// <summary>Watts while decoding for <paramref name="batch"/> sequences.</summary>
    public double Watts(double batch) => FloorWatts + (RiseWatts * batch / (batch + Half));
}
