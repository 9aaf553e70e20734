namespace Ops.Dashboard.Metrics;

/// <summary>A stretch of a figure, evenly spaced; NaN where nothing is known.</summary>
/// <param name="Start">Time of the first value.</param>
/// <param name="Step">Time between two values.</param>
/// <param name="Values">Oldest first.</param>
public sealed record Curve(DateTimeOffset Start, TimeSpan Step, float[] Values)
{
    /// <summary>The newest known value, or null.</summary>
    public double? Newest => Last(Values);

    /// <summary>Mean of the known values, or null.</summary>
    public double? Mean
    {
        get
        {
            var known = Values.Where(float.IsFinite).ToArray();
            return known.Length == 0 ? null : known.Average();
        }
    }

    /// <summary>Whether any value is known.</summary>
    public bool HasData => Values.Any(float.IsFinite);

    /// <summary>The value nearest to a moment, or null where none is known.</summary>
    public double? At(DateTimeOffset moment)
    {
        var index = (int)Math.Clamp(Math.Round((moment - Start) / Step), -1, Values.Length);
        return index >= 0 && index < Values.Length && float.IsFinite(Values[index]) ? Values[index] : null;
    }

    /// <summary>Value by value; NaN where one of the two is unknown.</summary>
    public Curve With(Curve other, Func<float, float, float> combine) =>
        this with { Values = [.. Values.Zip(other.Values, combine)] };

    /// <summary>This by another, NaN where the other is not positive.</summary>
    public Curve Over(Curve other) => With(other, static (value, by) => by > 0 ? value / by : float.NaN);

    /// <summary>The sum, where unknown counts as nothing as long as one is known.</summary>
    public Curve Plus(Curve other) => With(other, static (one, two) => float.IsNaN(one) ? two : float.IsNaN(two) ? one : one + two);

    private static double? Last(float[] values)
    {
        for (var i = values.Length - 1; i >= 0; i--)
            if (float.IsFinite(values[i]))
                return values[i];
        return null;
    }
}
