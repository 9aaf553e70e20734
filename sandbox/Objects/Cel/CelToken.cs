namespace Ops.Sandbox.Objects.Cel;

internal enum CelTokenKind
{
    End,
    Identifier,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Symbol,
}

/// <summary>One token of a CEL expression.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Identifier, symbol, or the number as written.</param>
/// <param name="Value">Value of a literal; null otherwise.</param>
/// <param name="Position">Index of its first character.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, object? Value, int Position)
{
    public bool Is(string symbol) => Kind == CelTokenKind.Symbol && string.Equals(Text, symbol, StringComparison.Ordinal);
}
