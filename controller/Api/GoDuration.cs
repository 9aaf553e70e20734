using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Ops.Api;

/// <summary>Go's duration strings, the way Kubernetes users write time spans: 500ms, 1m30s, 1.5h.</summary>
/// <remarks>
/// The grammar is that of Go's time.ParseDuration without a sign, because no field of Ops takes a negative span:
/// one or more of (decimal number, unit), unit one of ns, us, µs, ms, s, m, h. A lone 0 needs no unit.
/// Parts finer than 100 ns are cut off, as a TimeSpan cannot hold them.
/// </remarks>
public static class GoDuration
{
    /// <summary>The schema pattern of a duration field: a part of the grammar that leaves out what nobody means (ns, us).</summary>
    public const string Pattern = "^([0-9]{1,6}([.][0-9]{1,6})?(ms|s|m|h))+$";

    /// <summary>Longest accepted string, in characters. The longest that means something, 2562047h47m16.854775807s, has 24.</summary>
    public const int MaxLength = 32;

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Reads a duration.</summary>
    /// <param name="text">For example 1m30s.</param>
    /// <exception cref="FormatException">The text is not a duration; the message shows it.</exception>
    public static TimeSpan Parse(string text) => TryParse(text, out var value)
        ? value
        : throw new FormatException($"\"{text}\" is not a duration such as 500ms, 30s or 1m30s");

    /// <summary>Reads a duration; a missing or unreadable one gives the default.</summary>
    /// <param name="text">For example 1m30s, or null.</param>
    /// <param name="defaultText">A duration that is known to be well formed.</param>
    public static TimeSpan ParseOrDefault(string? text, string defaultText) =>
        TryParse(text, out var value) ? value : Parse(defaultText);

    /// <summary>Reads a duration, and says whether it could.</summary>
    /// <param name="text">For example 1m30s.</param>
    /// <param name="value">The span; zero when the result is false.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            return false;
        if (text == "0")
            return true;

        var rest = text.AsSpan();
        decimal ticks = 0;
        while (!rest.IsEmpty)
        {
            if (!TryTakeNumber(ref rest, out var number) || !TryTakeUnit(ref rest, out var ticksPerUnit))
                return false;
            // Both factors are bounded (MaxLength digits are checked by TryTakeNumber), so the product fits a decimal.
            ticks += number * ticksPerUnit;
        }

        if (ticks > TimeSpan.MaxValue.Ticks)
            return false;
        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>Writes a duration in Go's own form: 1m30s, 500ms, 0s.</summary>
    /// <param name="value">Not negative.</param>
    public static string Format(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
        if (value == TimeSpan.Zero)
            return "0s";
        if (value < TimeSpan.FromMilliseconds(1))
            return Number((decimal)value.Ticks / TimeSpan.TicksPerMicrosecond) + "us";
        if (value < TimeSpan.FromSeconds(1))
            return Number((decimal)value.Ticks / TimeSpan.TicksPerMillisecond) + "ms";

        var text = new StringBuilder();
        var hours = value.Ticks / TimeSpan.TicksPerHour;
        if (hours > 0)
            text.Append(hours).Append('h');
        if (hours > 0 || value.Minutes > 0)
            text.Append(value.Minutes).Append('m');
        var seconds = (decimal)(value.Ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond;
        return text.Append(Number(seconds)).Append('s').ToString();
    }

    private static string Number(decimal value) => value.ToString("0.#######", CultureInfo.InvariantCulture);

    // Input such as "1.5" or ".5" in front of a unit. Go accepts a missing whole or a missing fraction, but not both.
    private static bool TryTakeNumber(ref ReadOnlySpan<char> rest, out decimal number)
    {
        var end = rest.IndexOfAnyExcept(NumberCharacters);
        var digits = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..];
        number = 0;
        // 18 characters stay far below decimal's 28 digits, also after the multiplication by 3.6e10 ticks an hour.
        return digits.Length is > 0 and <= 18
            && digits.ContainsAnyInRange('0', '9')
            && decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out decimal ticksPerUnit)
    {
        var end = rest.IndexOfAny(NumberCharacters);
        var unit = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..];
        ticksPerUnit = unit switch
        {
            "ns" => 0.01m,
            // Both micro signs: U+00B5 and the Greek letter U+03BC.
            "us" or "\u00b5s" or "\u03bcs" => TimeSpan.TicksPerMicrosecond,
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            _ => 0,
        };
        return ticksPerUnit > 0;
    }
}
