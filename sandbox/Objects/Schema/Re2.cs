using System.Text.RegularExpressions;

namespace Ops.Sandbox.Objects;

/// <summary>Compiles RE2 syntax with .NET's linear-time engine, so that no pattern of a user can hang the server.</summary>
internal static class Re2
{
    /// <summary>Compiles; throws <see cref="ArgumentException"/> where the pattern is not valid or not linear.</summary>
    public static Regex Compile(string pattern)
    {
        try
        {
            return new Regex(ToDotNet(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (NotSupportedException e)
        {
            // Look-around and back-references: RE2 has neither.
            throw new ArgumentException(e.Message, nameof(pattern), e);
        }
    }

    /// <summary>
    /// In RE2 <c>$</c> is the very end of the text; in .NET it also matches before a last newline. <c>(?P&lt;name&gt;</c> is Go's spelling of a named group.
    /// </summary>
    private static string ToDotNet(string pattern)
    {
        var text = new System.Text.StringBuilder(pattern.Length + 8);
        var inClass = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            if (c == '\\' && i + 1 < pattern.Length)
            {
                // \d, \w and \s are ASCII in RE2.
                var next = pattern[++i];
                text.Append((next, inClass) switch
                {
                    ('d', false) => "[0-9]",
                    ('d', true) => "0-9",
                    ('w', false) => "[0-9A-Za-z_]",
                    ('w', true) => "0-9A-Za-z_",
                    ('s', false) => "[\\t\\n\\f\\r ]",
                    ('s', true) => "\\t\\n\\f\\r ",
                    ('D', false) => "[^0-9]",
                    ('W', false) => "[^0-9A-Za-z_]",
                    ('S', false) => "[^\\t\\n\\f\\r ]",
                    ('z', false) => "\\z",
                    _ => "\\" + next,
                });
                continue;
            }

            if (c == '[' && !inClass)
                inClass = true;
            else if (c == ']' && inClass)
                inClass = false;

            if (c == '$' && !inClass)
                text.Append("\\z");
            else if (c == '(' && !inClass && string.CompareOrdinal(pattern, i, "(?P<", 0, 4) == 0)
            {
                text.Append("(?<");
                i += 3;
            }
            else
                text.Append(c);
        }

        return text.ToString();
    }
}
