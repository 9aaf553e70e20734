namespace Ops.Sandbox.Objects;

/// <summary>The name forms of Kubernetes, with the real server's sentences.</summary>
internal static class Names
{
    public const string SubdomainMessage =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

    public const string LabelMessage =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

    public const string Label1035Message =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

    public const string QualifiedMessage =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    public const string LabelValueMessage =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    public static bool IsLabel(ReadOnlySpan<char> text) =>
        text.Length > 0 && IsLowerAlphanumeric(text[0]) && IsLowerAlphanumeric(text[^1]) && AllOf(text, c => IsLowerAlphanumeric(c) || c == '-');

    public static bool IsSubdomain(string text)
    {
        foreach (var part in text.AsSpan().Split('.'))
            if (!IsLabel(text.AsSpan(part)))
                return false;
        return true;
    }

    public static bool IsLabelValue(string text) =>
        text.Length == 0 || (char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
            && AllOf(text, c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));

    /// <summary>What is wrong with a key of labels or annotations; null where nothing is.</summary>
    public static string? QualifiedProblem(string key)
    {
        var parts = key.Split('/');
        if (parts.Length > 2)
            return "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
                return "prefix part must be non-empty";
            if (parts[0].Length > 253)
                return "prefix part must be no more than 253 bytes";
            if (!IsSubdomain(parts[0]))
                return "prefix part " + SubdomainMessage;
        }

        var name = parts[^1];
        if (name.Length == 0)
            return "name part must be non-empty";
        if (name.Length > 63)
            return "name part must be no more than 63 bytes";
        return IsLabelValue(name) ? null : QualifiedMessage;
    }

    /// <summary>What is wrong with an object's name; null where nothing is.</summary>
    public static string? NameProblem(string name, NameRule rule) => rule switch
    {
        NameRule.Subdomain => name.Length > 253 ? TooLong(253) : IsSubdomain(name) ? null : SubdomainMessage,
        NameRule.Label => name.Length > 63 ? TooLong(63) : IsLabel(name) ? null : LabelMessage,
        NameRule.Label1035 => name.Length > 63 ? TooLong(63) : IsLabel(name) && char.IsAsciiLetterLower(name[0]) ? null : Label1035Message,
        _ => name is "." or ".." ? $"may not be '{name}'" : name.Contains('/') ? "may not contain '/'" : name.Contains('%') ? "may not contain '%'" : null,
    };

    private static string TooLong(int max) => $"must be no more than {max} bytes";

    private static bool IsLowerAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);

    private static bool AllOf(ReadOnlySpan<char> text, Func<char, bool> test)
    {
        foreach (var c in text)
            if (!test(c))
                return false;
        return true;
    }
}
