using System.Diagnostics.CodeAnalysis;
using k8s.Models;

namespace Ops.Sandbox.Objects;

/// <summary>Resource quantities such as <c>500m</c> or <c>1Gi</c>.</summary>
internal static class Quantities
{
    // Longer texts are no quantity; the library's parser is made for short ones.
    private const int MaxLength = 64;

    public static bool TryParse(string text, [NotNullWhen(true)] out ResourceQuantity? quantity)
    {
        quantity = null;
        if (text.Length is 0 or > MaxLength || !LooksRight(text))
            return false;
        try
        {
            var parsed = new ResourceQuantity(text);
            _ = parsed.ToDecimal();
            quantity = parsed;
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return false;
        }
    }

    /// <summary>The canonical form (<c>0.5</c> becomes <c>500m</c>, <c>1024Mi</c> becomes <c>1Gi</c>), or null where the text is no quantity.</summary>
    public static string? Canonical(string text) => TryParse(text, out var quantity) ? quantity.ToString() : null;

    /// <summary>A sign, digits with at most one point, and one of the known suffixes or an exponent.</summary>
    private static bool LooksRight(string text)
    {
        var i = text[0] is '+' or '-' ? 1 : 0;
        var start = i;
        var points = 0;
        while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.'))
            points += text[i++] == '.' ? 1 : 0;
        if (i == start || points > 1 || (i - start == 1 && points == 1))
            return false;
        var suffix = text.AsSpan(i);
        if (suffix is "" or "n" or "u" or "m" or "k" or "M" or "G" or "T" or "P" or "E" or "Ki" or "Mi" or "Gi" or "Ti" or "Pi" or "Ei")
            return true;
        return suffix[0] is 'e' or 'E' && int.TryParse(suffix[1..], System.Globalization.NumberStyles.AllowLeadingSign, null, out var exponent) && Math.Abs(exponent) <= 18;
    }
}
