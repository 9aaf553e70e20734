using System.Globalization;
using System.Text;

namespace Ops.Llm;

/// <summary>Text from telemetry (logs, events, names, messages) as data: short, on one line, nothing that hides or reorders.</summary>
public static class TaintedText
{
    /// <summary>The text without control, format (zero-width, bidirectional) and private characters, cut to a length.</summary>
    /// <param name="text">Anything, or null.</param>
    /// <param name="length">Most characters of the result.</param>
    public static string Clean(string? text, int length)
    {
        if (text is null)
            return "";
        // A line of 10 MB costs no more than its start; surrogate pairs are kept whole by runes.
        var result = new StringBuilder();
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, length * 4)).EnumerateRunes())
        {
            if (result.Length + rune.Utf16SequenceLength > length)
                break;
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    result.Append(' ');
                    break;
                case var _ when IsInvisible(rune.Value):
                    break;
                case UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate:
                    break;
                default:
                    result.Append(rune.ToString());
                    break;
            }
        }

        return result.ToString().Trim();
    }

    // Characters that Unicode calls ignorable though they are letters or marks: variation selectors, which can carry bytes that
    // nobody sees, the joiner U+034F, Khmer's inherent vowels, Mongolian selectors, Hangul fillers, and the empty braille cell.
    private static bool IsInvisible(int rune) => rune
        is (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF) or 0x034F or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F)
        or 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800;
}
