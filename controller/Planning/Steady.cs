namespace Ops.Planning;

/// <summary>Rounding and hysteresis of status numbers, so that noise causes no writes.</summary>
public static class Steady
{
    /// <summary>
    /// The number to show: the previous one while the new one is within a tenth of it, else the new one in two
    /// significant digits. A tenth is more than the jitter of a power meter and less than any change worth a look.
    /// </summary>
    /// <param name="previous">The number shown last, or null.</param>
    /// <param name="current">The number measured now, or null when there is none.</param>
    public static double? Number(double? previous, double? current)
    {
        if (current is not { } value || !double.IsFinite(value))
            return null;
        return previous is { } shown && Math.Abs(value - shown) <= Math.Abs(shown) / 10
            ? shown
            : TwoDigits(value);
    }

    /// <summary>
    /// A share 0..1 to show. Three decimals, because the difference of 0.99 and 0.999 matters; the previous one stays
    /// while the new one is within 0.002 of it, except at the ends, which are always exact.
    /// </summary>
    /// <param name="previous">The share shown last, or null.</param>
    /// <param name="current">The share measured now, or null when there is none.</param>
    public static double? Share(double? previous, double? current)
    {
        if (current is not { } value || !double.IsFinite(value))
            return null;
        value = Math.Clamp(value, 0, 1);
        return previous is { } shown && value is > 0 and < 1 && shown is > 0 and < 1 && Math.Abs(value - shown) <= 0.002
            ? shown
            : Math.Round(value, 3);
    }

    /// <summary>A number in two significant digits: 1234 is 1200, 0.01234 is 0.012.</summary>
    public static double TwoDigits(double value)
    {
        if (value == 0 || !double.IsFinite(value))
            return 0;
        // Decimal digits, not a product of powers of ten in binary, so that 0.1 stays 0.1.
        return double.Parse(value.ToString("E1"));
    }
}
