using System.Globalization;

namespace Ops.Router;

/// <summary>Grams of CO2 that a kilowatt-hour stands for: one number, or one for each hour of the day in UTC.</summary>
internal sealed class CarbonIntensity
{
    private const double JoulesPerKilowattHour = 3.6e6;

    private readonly double[] _byHour;

    private CarbonIntensity(double[] byHour) => _byHour = byHour;

    /// <summary>Reads <c>380</c> or <c>410,405,...</c> with 24 numbers; null and empty text mean that nothing is known.</summary>
    /// <exception cref="InvalidOperationException">It is neither; the message names the setting and the fix.</exception>
    internal static CarbonIntensity? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var fields = text.Split(',');
        var numbers = new double[fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            // Coal, the worst, is at about 1,000 grams.
            if (!double.TryParse(fields[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || numbers[i] is not (>= 0 and <= 2_000))
                throw new InvalidOperationException($"Router:CarbonIntensity: '{fields[i].Trim()}' is not a number of grams of CO2 by kilowatt-hour, 0 to 2000.");
        }

        return numbers.Length switch
        {
            1 => new([.. Enumerable.Repeat(numbers[0], 24)]),
            24 => new(numbers),
            _ => throw new InvalidOperationException($"Router:CarbonIntensity has {numbers.Length} numbers. Give one, or 24: one for each hour of the day in UTC."),
        };
    }

    /// <summary>Grams of CO2 of energy that was used at a moment.</summary>
    internal double Grams(double joules, DateTimeOffset at) => joules / JoulesPerKilowattHour * _byHour[at.UtcDateTime.Hour];
}
