using System.Globalization;

namespace Ops.Rca.Reading;

/// <summary>Times as the data sets write them.</summary>
internal static class Clock
{
    /// <summary>
    /// Seconds since 1970 from "1661140279", "1661140279573" (ms; also us and ns), "2022-08-22T03:51:19Z" or
    /// "2022-08-22 03:51:19.573905004 +0000 UTC m=+0.079858984" (Go's form, always UTC here). NaN for anything else.
    /// </summary>
    public static double Parse(string text)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return Math.Abs(number) switch { >= 1e17 => number / 1e9, >= 1e14 => number / 1e6, >= 1e11 => number / 1e3, _ => number };
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var time))
            return time.ToUnixTimeMilliseconds() / 1000.0;
        return text.Length > 19 && DateTimeOffset.TryParse(text[..19], CultureInfo.InvariantCulture, Utc, out time)
            ? time.ToUnixTimeSeconds()
            : double.NaN;
    }
}
