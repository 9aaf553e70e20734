using System.Buffers;
using System.Globalization;

namespace Ops.Rca.Sources;

/// <summary>
/// Telemetry is text of strangers: whoever can add a label can write anything into it. Before it reaches a name, a
/// message or an object it is cut and freed of what a terminal or a reader could take for something else.
/// </summary>
public static class Tainted
{
    /// <summary>Longest name of a service, metric or label value that is kept.</summary>
    public const int MaxName = 200;

    /// <summary>Longest sentence that is kept.</summary>
    public const int MaxText = 500;

    // The name of nearly every series is of these only and needs no copy.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:./- ,%()");

    /// <summary>The text with control, format and unpaired surrogate characters replaced by a space, and cut.</summary>
    public static string Clean(string text, int max = MaxName)
    {
        if (text.Length <= max && !text.AsSpan().ContainsAnyExcept(Plain))
            return text;
        var kept = text.Length <= max ? text : text[..max] + "...";
        return string.Concat(kept.Select(letter => IsPlain(letter) ? letter : ' '));
    }

    // Format characters (Cf) hold the bidirectional overrides, which show a text in another order than it has.
    private static bool IsPlain(char letter) => char.GetUnicodeCategory(letter) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
