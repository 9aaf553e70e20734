using System.Globalization;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>Splits an expression into tokens (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax).</summary>
internal sealed class CelLexer(string source)
{
    private static readonly string[] Symbols =
    [
        "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ".", ",",
    ];

    private int _at;

    public List<CelToken> Tokens()
    {
        var tokens = new List<CelToken>();
        while (true)
        {
            SkipBlanks();
            if (_at >= source.Length)
            {
                tokens.Add(new CelToken(CelTokenKind.End, "", null, source.Length));
                return tokens;
            }

            tokens.Add(Next());
        }
    }

    private void SkipBlanks()
    {
        while (_at < source.Length)
        {
            if (source[_at] is ' ' or '\t' or '\r' or '\n' or '\f')
                _at++;
            else if (source[_at] == '/' && Peek(1) == '/')
                _at = source.IndexOf('\n', _at) is var end and >= 0 ? end : source.Length;
            else
                return;
        }
    }

    private CelToken Next()
    {
        var start = _at;
        var c = source[_at];
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
            return Number(start);
        if (new CelStringReader(source).TryRead(ref _at) is { } literal)
            return new CelToken(literal is byte[] ? CelTokenKind.Bytes : CelTokenKind.String, "", literal, start);
        if (char.IsAsciiLetter(c) || c == '_')
        {
            while (_at < source.Length && (char.IsAsciiLetterOrDigit(source[_at]) || source[_at] == '_'))
                _at++;
            return new CelToken(CelTokenKind.Identifier, source[start.._at], null, start);
        }

        foreach (var symbol in Symbols)
            if (string.CompareOrdinal(source, _at, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;
                return new CelToken(CelTokenKind.Symbol, symbol, null, start);
            }

        throw CelSource.Error(source, start, $"Syntax error: token recognition error at: '{c}'");
    }

    private CelToken Number(int start)
    {
        if (source[_at] == '0' && Peek(1) is 'x' or 'X')
        {
            _at += 2;
            while (_at < source.Length && char.IsAsciiHexDigit(source[_at]))
                _at++;
            return Integer(start, source[(start + 2).._at], NumberStyles.AllowHexSpecifier);
        }

        Digits();
        var isDouble = false;
        if (Peek(0) == '.' && char.IsAsciiDigit(Peek(1)))
        {
            isDouble = true;
            _at++;
            Digits();
        }

        if (Peek(0) is 'e' or 'E' && (char.IsAsciiDigit(Peek(1)) || (Peek(1) is '+' or '-' && char.IsAsciiDigit(Peek(2)))))
        {
            isDouble = true;
            _at += 2;
            Digits();
        }

        var text = source[start.._at];
        return isDouble
            ? new CelToken(CelTokenKind.Double, text, double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture), start)
            : Integer(start, text, NumberStyles.None);
    }

    /// <summary>A literal is kept unsigned, so that the parser can read -9223372036854775808.</summary>
    private CelToken Integer(int start, string digits, NumberStyles styles)
    {
        var isUnsigned = Peek(0) is 'u' or 'U';
        if (!ulong.TryParse(digits, styles, CultureInfo.InvariantCulture, out var value))
            throw CelSource.Error(source, start, "invalid int literal");
        if (isUnsigned)
            _at++;
        return new CelToken(isUnsigned ? CelTokenKind.Uint : CelTokenKind.Int, source[start.._at], value, start);
    }

    private void Digits()
    {
        while (_at < source.Length && char.IsAsciiDigit(source[_at]))
            _at++;
    }

    private char Peek(int ahead) => _at + ahead < source.Length ? source[_at + ahead] : '\0';
}

/// <summary>Error texts with line and column.</summary>
internal static class CelSource
{
    public static CelException Error(string source, int position, string message)
    {
        var before = source.AsSpan(0, Math.Min(position, source.Length));
        var line = before.Count('\n') + 1;
        var column = position - (before.LastIndexOf('\n') + 1) + 1;
        return new CelException($"ERROR: <input>:{line}:{column}: {message}");
    }
}
