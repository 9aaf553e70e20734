namespace Ops.Bench.Routing;

/// <summary>A mean over seeds and half of its 95 % interval (Student's t).</summary>
internal readonly record struct Interval(double Mean, double Half)
{
    // Two-sided 95 % by degrees of freedom 1 to 9; more than 9 counts as 9, which only widens.
    private static readonly double[] T = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

    internal static Interval Of(IReadOnlyCollection<double> values)
    {
        var mean = values.Average();
        if (values.Count < 2)
            return new Interval(mean, double.NaN);
        var deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
        return new Interval(mean, T[Math.Min(values.Count - 2, T.Length - 1)] * deviation / Math.Sqrt(values.Count));
    }

    public override string ToString() => $"{Mean:0.0000} +- {Half:0.0000}";
}
