using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>A span of time in nanoseconds, read and written as Go does (<c>1h30m0.5s</c>).</summary>
internal readonly record struct CelDuration(long Nanoseconds)
{
    private static readonly SearchValues<char> AmountCharacters = SearchValues.Create("0123456789.");

    /// <summary>Reads Go's form; false where the text is none or the span exceeds 64 bits of nanoseconds (about 292 years).</summary>
    public static bool TryParse(string text, out CelDuration duration)
    {
        duration = default;
        var rest = text.AsSpan();
        var isNegative = rest.Length > 0 && rest[0] == '-';
        if (rest.Length > 0 && rest[0] is '-' or '+')
            rest = rest[1..];
        if (rest is "0")
            return true;
        if (rest.IsEmpty)
            return false;
        var total = 0m;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(AmountCharacters);
            // 18 digits before and after the point fit a decimal; more are no duration anybody means.
            if (digits is <= 0 or > 28 || !decimal.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
                return false;
            rest = rest[digits..];
            var (unit, length) = Unit(rest);
            if (length == 0)
                return false;
            if (amount > 10_000_000_000_000_000_000m / unit)
                return false;
            total += amount * unit;
            rest = rest[length..];
        }

        total = decimal.Truncate(isNegative ? -total : total);
        if (total is < long.MinValue or > long.MaxValue)
            return false;
        duration = new CelDuration((long)total);
        return true;
    }

    public override string ToString()
    {
        // CEL writes seconds: "5400s", "0.5s".
        var seconds = Nanoseconds / 1_000_000_000m;
        return new StringBuilder().Append(CultureInfo.InvariantCulture, $"{seconds:0.#########}").Append('s').ToString();
    }

    private static (decimal Unit, int Length) Unit(ReadOnlySpan<char> rest) => rest switch
    {
        ['n', 's', ..] => (1m, 2),
        ['u' or 'µ' or 'μ', 's', ..] => (1_000m, 2),
        ['m', 's', ..] => (1_000_000m, 2),
        ['s', ..] => (1_000_000_000m, 1),
        ['m', ..] => (60_000_000_000m, 1),
        ['h', ..] => (3_600_000_000_000m, 1),
        _ => (0m, 0),
    };
}
