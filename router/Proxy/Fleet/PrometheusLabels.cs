using System.Buffers.Text;

namespace Ops.Router;

/// <summary>Reads single labels out of a line of the Prometheus text format, without building anything.</summary>
internal static class PrometheusLabels
{
    /// <summary>Reads a label that holds a number.</summary>
    internal static bool TryNumber(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> name, out double value)
    {
        value = 0;
        return TryLabel(labels, name, out var text) && Utf8Parser.TryParse(text, out value, out var read) && read == text.Length && double.IsFinite(value);
    }

    /// <summary>Finds a label's value as it is written, escapes included.</summary>
    /// <param name="labels">What stands between the braces: a="1",b="2".</param>
    /// <param name="name">The label's name.</param>
    /// <param name="value">What stands between its quotes.</param>
    internal static bool TryLabel(ReadOnlySpan<byte> labels, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        while (labels.IndexOf((byte)'=') is >= 0 and var equals && labels.Length > equals + 1)
        {
            var key = labels[..equals].Trim(" ,"u8);
            var quoted = labels[(equals + 1)..];
            var end = EndOfQuotes(quoted);
            if (end < 0)
                break;
            if (key.SequenceEqual(name))
            {
                value = quoted[1..end];
                return true;
            }

            labels = quoted[(end + 1)..];
        }

        value = default;
        return false;
    }

    // "a\"b" : the index of the last quote.
    private static int EndOfQuotes(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == (byte)'\\')
                i++;
            else if (text[i] == (byte)'"')
                return i;
        }

        return -1;
    }
}
