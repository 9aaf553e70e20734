using System.Runtime.InteropServices;

namespace Ops.Profiles;

/// <summary>One measured serving configuration.</summary>
/// <param name="Batch">Average running batch size.</param>
/// <param name="StepMs">Median inter-token latency, milliseconds.</param>
/// <param name="Watts">Average power of all GPUs together.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MeasuredPoint(double Batch, double StepMs, double Watts);

/// <summary>A fitted curve and how far it lies from its points, as shares of the measured values.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Fitted<T>(T Curve, double RmsResidual, double MaxResidual);

/// <summary>
/// The documented fit. Both curves are linear in all but one coefficient, so each is a grid over that one and weighted least
/// squares for the rest. Weights are 1/measured^2: relative errors count, so that small batches matter as much as large.
/// </summary>
public static class ProfileFit
{
    /// <summary>With fewer points a bend would fit noise; the line stays straight.</summary>
    public const int LeastPointsForBend = 5;

    /// <summary>Decode time: the knot is tried at every measured batch but the first and last, keeping the curve rising.</summary>
    public static Fitted<DecodeCurve> Decode(IReadOnlyList<MeasuredPoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        var best = Straight(points);
        if (points.Count < LeastPointsForBend)
            return best;
        foreach (var knot in points.Select(p => p.Batch).Order().Skip(1).SkipLast(1))
        {
            double[] c = Solve(points, 3, p => p.StepMs, (p, i) => i switch { 0 => 1, 1 => p.Batch, _ => Math.Max(0, p.Batch - knot) });
            if (c[1] < 0 || c[1] + c[2] < 0)
                continue;
            var fitted = Judge(new DecodeCurve(c[0], c[1], c[2], knot), points, p => p.StepMs, (f, b) => f.Seconds(b) * 1000);
            if (fitted.RmsResidual < best.RmsResidual)
                best = fitted;
        }
        return best;
    }

    /// <summary>Power: the half point is tried at 10^(i/40), i = 0..120, that is from 1 to 1,000 in steps of 6 %.</summary>
    public static Fitted<PowerCurve> Power(IReadOnlyList<MeasuredPoint> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        Fitted<PowerCurve>? best = null;
        for (var i = 0; i <= 120; i++)
        {
            var half = Math.Pow(10, i / 40.0);
            double[] c = Solve(points, 2, p => p.Watts, (p, k) => k == 0 ? 1 : p.Batch / (p.Batch + half));
            if (c[0] < 0 || c[1] < 0)
                continue;
            var fitted = Judge(new PowerCurve(c[0], c[1], half), points, p => p.Watts, (f, b) => f.Watts(b));
            if (best is null || fitted.RmsResidual < best.Value.RmsResidual)
                best = fitted;
        }
        return best ?? throw new ArgumentException("Power does not rise with the batch in these points.", nameof(points));
    }

    private static Fitted<DecodeCurve> Straight(IReadOnlyList<MeasuredPoint> points)
    {
        double[] c = Solve(points, 2, p => p.StepMs, (p, i) => i == 0 ? 1 : p.Batch);
        return Judge(new DecodeCurve(c[0], c[1], 0, 0), points, p => p.StepMs, (f, b) => f.Seconds(b) * 1000);
    }

    private static Fitted<T> Judge<T>(
        T curve, IReadOnlyList<MeasuredPoint> points, Func<MeasuredPoint, double> measured, Func<T, double, double> value)
    {
        var residuals = points.Select(p => (value(curve, p.Batch) / measured(p)) - 1).ToArray();
        return new Fitted<T>(curve, Math.Sqrt(residuals.Average(r => r * r)), residuals.Max(Math.Abs));
    }

    // Normal equations of a handful of unknowns, eliminated with partial pivoting.
    private static double[] Solve(
        IReadOnlyList<MeasuredPoint> points, int unknowns, Func<MeasuredPoint, double> measured, Func<MeasuredPoint, int, double> term)
    {
        var m = new double[unknowns, unknowns + 1];
        foreach (var point in points)
        {
            var y = measured(point);
            for (var row = 0; row < unknowns; row++)
            {
                for (var column = 0; column < unknowns; column++)
                    m[row, column] += term(point, row) * term(point, column) / (y * y);
                m[row, unknowns] += term(point, row) / y;
            }
        }
        for (var pivot = 0; pivot < unknowns; pivot++)
        {
            var largest = pivot;
            for (var row = pivot + 1; row < unknowns; row++)
            {
                if (Math.Abs(m[row, pivot]) > Math.Abs(m[largest, pivot]))
                    largest = row;
            }
            for (var column = 0; column <= unknowns; column++)
                (m[pivot, column], m[largest, column]) = (m[largest, column], m[pivot, column]);
            for (var row = 0; row < unknowns; row++)
            {
                var factor = row == pivot ? 0 : m[row, pivot] / m[pivot, pivot];
                for (var column = 0; column <= unknowns; column++)
                    m[row, column] -= factor * m[pivot, column];
            }
        }
        var solution = new double[unknowns];
        for (var row = 0; row < unknowns; row++)
            solution[row] = m[row, unknowns] / m[row, row];
        return solution;
    }
}
