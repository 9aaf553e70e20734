namespace Ops.Router;

/// <summary>
/// Finds a short pattern in bytes that pass in pieces, across the borders of the pieces and without keeping them.
/// The pattern's first byte must occur in it only once or at its end (true for "usage" in quotes and for a line
/// break followed by data:), which makes the longest border at the end of a piece the only candidate.
/// </summary>
internal static class BytePattern
{
    /// <summary>Counts occurrences.</summary>
    /// <param name="pattern">What to find.</param>
    /// <param name="piece">The next bytes.</param>
    /// <param name="matched">How many bytes of the pattern ended the previous piece; 0 before the first.</param>
    internal static int Count(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> piece, ref int matched)
    {
        var count = 0;
        while (IndexAfter(pattern, piece, ref matched) is var next and >= 0)
        {
            count++;
            piece = piece[next..];
        }

        return count;
    }

    /// <summary>Position just after the first occurrence, or -1; keeps what began at the end of the piece in <paramref name="matched"/>.</summary>
    internal static int IndexAfter(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> piece, ref int matched)
    {
        if (matched > 0)
        {
            var rest = pattern[matched..];
            if (piece.Length < rest.Length && rest.StartsWith(piece))
            {
                matched += piece.Length;
                return -1;
            }

            matched = 0;
            if (piece.StartsWith(rest))
                return rest.Length;
        }

        var at = piece.IndexOf(pattern);
        if (at >= 0)
            return at + pattern.Length;
        matched = Border(pattern, piece);
        return -1;
    }

    private static int Border(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> piece)
    {
        for (var length = Math.Min(pattern.Length - 1, piece.Length); length > 0; length--)
        {
            if (piece.EndsWith(pattern[..length]))
                return length;
        }

        return 0;
    }
}
