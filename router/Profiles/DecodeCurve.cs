using System.Runtime.InteropServices;

namespace Ops.Profiles;

/// <summary>
/// Time of one decode step by running batch, at default clocks:
/// <c>t(b) = Base + Slope b + Bend max(0, b - Knot)</c>, in milliseconds.
/// A step reads all weights once (Base) and does work for each sequence (Slope); where the marginal cost changes, either
/// because a mixture of experts has all its experts loaded or because arithmetic becomes the limit, the line bends once.
/// </summary>
/// <param name="BaseMs">Milliseconds of a step that reads the weights for nobody.</param>
/// <param name="SlopeMs">Milliseconds a sequence below the knot.</param>
/// <param name="BendMs">Added to the slope above the knot; 0 where the fit is a straight line.</param>
/// <param name="Knot">Batch size of the bend.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct DecodeCurve(double BaseMs, double SlopeMs, double BendMs, double Knot)
{
    /// <summary>The same curve, every step taking so many times as long.</summary>
    public DecodeCurve Times(double factor) => new(BaseMs * factor, SlopeMs * factor, BendMs * factor, Knot);

    /// <summary>Seconds of one step for <paramref name="batch"/> sequences.</summary>
    public double Seconds(double batch) => (BaseMs + (SlopeMs * batch) + (BendMs * Math.Max(0, batch - Knot))) / 1000;
}
