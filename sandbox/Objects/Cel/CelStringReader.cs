using System.Globalization;
using System.Text;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>Reads string and bytes literals: '…', "…", their triple forms, and the prefixes r and b.</summary>
internal sealed class CelStringReader(string source)
{
    /// <summary>Returns a string, a byte array, or null where no literal starts; advances <paramref name="at"/> behind the literal.</summary>
    public object? TryRead(ref int at)
    {
        var start = at;
        var (raw, bytes) = (false, false);
        var i = at;
        while (i < source.Length && i - start < 2 && source[i] is 'r' or 'R' or 'b' or 'B')
        {
            raw |= source[i] is 'r' or 'R';
            bytes |= source[i] is 'b' or 'B';
            i++;
        }

        if (i >= source.Length || source[i] is not ('"' or '\''))
            return null;
        var quote = source[i];
        var isTriple = i + 2 < source.Length && source[i + 1] == quote && source[i + 2] == quote;
        var delimiter = new string(quote, isTriple ? 3 : 1);
        i += delimiter.Length;
        var text = new StringBuilder();
        var octets = new List<byte>();
        while (true)
        {
            if (i >= source.Length || (!isTriple && source[i] is '\n' or '\r'))
                throw CelSource.Error(source, start, "Syntax error: unterminated string literal");
            if (string.CompareOrdinal(source, i, delimiter, 0, delimiter.Length) == 0)
                break;
            if (source[i] == '\\' && !raw)
                Escape(ref i, bytes, text, octets);
            else
                Plain(ref i, bytes, text, octets);
        }

        at = i + delimiter.Length;
        return bytes ? octets.ToArray() : text.ToString();
    }

    private void Plain(ref int i, bool bytes, StringBuilder text, List<byte> octets)
    {
        var length = char.IsHighSurrogate(source[i]) && i + 1 < source.Length ? 2 : 1;
        if (bytes)
            octets.AddRange(Encoding.UTF8.GetBytes(source.Substring(i, length)));
        else
            text.Append(source, i, length);
        i += length;
    }

    private void Escape(ref int i, bool bytes, StringBuilder text, List<byte> octets)
    {
        var start = i;
        var c = i + 1 < source.Length ? source[i + 1] : '\0';
        i += 2;
        var simple = c switch
        {
            'n' => '\n', 't' => '\t', 'r' => '\r', 'a' => '\a', 'b' => '\b', 'f' => '\f', 'v' => '\v',
            '\\' or '\'' or '"' or '`' or '?' => c,
            _ => '\0',
        };
        if (simple != '\0')
        {
            Put(simple, bytes, text, octets, isCodePoint: true);
            return;
        }

        var code = c switch
        {
            'x' or 'X' => Digits(ref i, 2, NumberStyles.AllowHexSpecifier, start),
            'u' when !bytes => Digits(ref i, 4, NumberStyles.AllowHexSpecifier, start),
            'U' when !bytes => Digits(ref i, 8, NumberStyles.AllowHexSpecifier, start),
            >= '0' and <= '3' => Octal(ref i, start),
            _ => throw CelSource.Error(source, start, "Syntax error: invalid escape sequence"),
        };
        if (!bytes && !Rune.IsValid(code))
            throw CelSource.Error(source, start, "Syntax error: invalid unicode code point");
        Put(code, bytes, text, octets, isCodePoint: !bytes);
    }

    private static void Put(int code, bool bytes, StringBuilder text, List<byte> octets, bool isCodePoint)
    {
        if (bytes)
            octets.AddRange(isCodePoint ? Encoding.UTF8.GetBytes(new Rune(code).ToString()) : [(byte)code]);
        else
            text.Append(new Rune(code).ToString());
    }

    private int Digits(ref int i, int count, NumberStyles styles, int start)
    {
        if (i + count > source.Length || !int.TryParse(source.AsSpan(i, count), styles, CultureInfo.InvariantCulture, out var code))
            throw CelSource.Error(source, start, "Syntax error: invalid escape sequence");
        i += count;
        return code;
    }

    private int Octal(ref int i, int start)
    {
        var code = 0;
        i--;
        for (var digit = 0; digit < 3; digit++, i++)
        {
            if (i >= source.Length || source[i] is < '0' or > '7')
                throw CelSource.Error(source, start, "Syntax error: invalid escape sequence");
            code = (code * 8) + (source[i] - '0');
        }

        return code;
    }
}
