using System.Text.RegularExpressions;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>String functions of CEL, its strings extension and the Kubernetes regex library. Positions count UTF-16 units as far as they are ASCII.</summary>
internal static class CelStrings
{
    // A result longer than this would be paid by every later step; no rule needs it.
    private const int MaxText = 1_000_000;

    // Patterns computed at run time are cached, but not without bound.
    private const int MaxPatterns = 256;

    private static readonly Dictionary<string, Regex?> Patterns = new(StringComparer.Ordinal);
    private static readonly Lock PatternGate = new();

    public static void AddTo(Dictionary<(string, bool, int), CelFunction> table)
    {
        Test(table, "startsWith", (text, part) => text.StartsWith(part, StringComparison.Ordinal));
        Test(table, "endsWith", (text, part) => text.EndsWith(part, StringComparison.Ordinal));
        Test(table, "contains", (text, part) => text.Contains(part, StringComparison.Ordinal));
        table.Member("matches", 2, Matches);
        table.Function("matches", 2, Matches);
        table.Member("find", 2, (a, s) => WithPattern("find", a, s, (regex, text) => regex.Match(text).Value));
        table.Member("findAll", 2, (a, s) => WithPattern("findAll", a, s, (regex, text) => new CelArrayList([.. regex.Matches(text).Select(m => (object?)m.Value)])));
        Map(table, "lowerAscii", text => string.Create(text.Length, text, (to, from) => MapAscii(from, to, 'A', 'Z', 32)));
        Map(table, "upperAscii", text => string.Create(text.Length, text, (to, from) => MapAscii(from, to, 'a', 'z', -32)));
        Map(table, "trim", text => text.Trim());
        Map(table, "reverse", text => new string([.. text.Reverse()]));
        table.Member("indexOf", 2, (a, s) => a is [string text, string part] ? Paid(s, text, (long)text.IndexOf(part, StringComparison.Ordinal)) : CelLists.IndexOf(a, s));
        table.Member("lastIndexOf", 2, (a, s) => a is [string text, string part] ? Paid(s, text, (long)text.LastIndexOf(part, StringComparison.Ordinal)) : CelLists.LastIndexOf(a, s));
        table.Member("charAt", 2, (a, s) => a is [string text, long at] ? at >= 0 && at <= text.Length ? (at == text.Length ? "" : text[(int)at].ToString()) : OutOfRange(at) : CelError.NoOverload("charAt", a));
        table.Member("substring", 2, (a, s) => a is [string text, long from] ? Slice(text, from, text.Length, s) : CelError.NoOverload("substring", a));
        table.Member("substring", 3, (a, s) => a is [string text, long from, long to] ? Slice(text, from, to, s) : CelError.NoOverload("substring", a));
        table.Member("split", 2, (a, s) => Split(a, s, int.MaxValue));
        table.Member("split", 3, (a, s) => a[2] is long limit ? Split(a, s, limit) : CelError.NoOverload("split", a));
        table.Member("replace", 3, (a, s) => a is [string text, string from, string to] ? Replace(text, from, to, s) : CelError.NoOverload("replace", a));
        table.Member("join", 1, (a, s) => a[0] is CelList list ? Join(list, "", s) : CelError.NoOverload("join", a));
        table.Member("join", 2, (a, s) => a is [CelList list, string separator] ? Join(list, separator, s) : CelError.NoOverload("join", a));
    }

    private static void Test(Dictionary<(string, bool, int), CelFunction> table, string name, Func<string, string, bool> test) =>
        table.Member(name, 2, (a, s) => a is [string text, string part] ? Paid(s, text, test(text, part)) : CelError.NoOverload(name, a));

    private static void Map(Dictionary<(string, bool, int), CelFunction> table, string name, Func<string, string> map) =>
        table.Member(name, 1, (a, s) => a[0] is string text ? Paid(s, text, map(text)) : CelError.NoOverload(name, a));

    private static object? Paid(CelScope scope, string read, object? result) => scope.Spend(read.Length / 10) ? result : CelError.OutOfBudget;

    private static void MapAscii(string from, Span<char> to, char first, char last, int shift)
    {
        for (var i = 0; i < from.Length; i++)
            to[i] = from[i] >= first && from[i] <= last ? (char)(from[i] + shift) : from[i];
    }

    private static object? Matches(object?[] a, CelScope scope) => WithPattern("matches", a, scope, (regex, text) => regex.IsMatch(text));

    private static object? WithPattern(string name, object?[] a, CelScope scope, Func<Regex, string, object?> use)
    {
        if (a is not [string text, string pattern])
            return CelError.NoOverload(name, a);
        // The engine is linear; a pattern's states multiply the constant.
        if (!scope.Spend(1 + (long)((text.Length + 1) / 10.0 * (pattern.Length / 4.0 + 1))))
            return CelError.OutOfBudget;
        return Pattern(pattern) is { } regex ? use(regex, text) : new CelError($"error parsing regexp: `{pattern}`");
    }

    private static Regex? Pattern(string pattern)
    {
        lock (PatternGate)
            if (Patterns.TryGetValue(pattern, out var known))
                return known;
        Regex? regex = null;
        try
        {
            regex = Re2.Compile(pattern);
        }
        catch (ArgumentException)
        {
            // Stays null: the pattern is not valid, and the caller says so.
        }

        lock (PatternGate)
        {
            if (Patterns.Count >= MaxPatterns)
                Patterns.Clear();
            return Patterns[pattern] = regex;
        }
    }

    private static object Slice(string text, long from, long to, CelScope scope)
    {
        if (from < 0 || from > text.Length)
            return OutOfRange(from);
        if (to < from || to > text.Length)
            return OutOfRange(to);
        return scope.Spend((to - from) / 10) ? text[(int)from..(int)to] : CelError.OutOfBudget;
    }

    private static object Split(object?[] a, CelScope scope, long limit)
    {
        if (a[0] is not string text || a[1] is not string separator)
            return CelError.NoOverload("split", a);
        if (!scope.Spend(text.Length))
            return CelError.OutOfBudget;
        if (limit == 0)
            return new CelArrayList([]);
        var most = limit < 0 || limit > int.MaxValue ? int.MaxValue : (int)limit;
        if (separator.Length == 0)
        {
            var head = text.Take(most - 1).Select(c => (object?)c.ToString());
            return new CelArrayList(text.Length > most ? [.. head, text[(most - 1)..]] : [.. text.Select(c => (object?)c.ToString())]);
        }

        return new CelArrayList([.. text.Split(separator, most)]);
    }

    private static object Replace(string text, string from, string to, CelScope scope)
    {
        // Each character may become the replacement: the bound is on the result.
        var most = text.Length + ((long)(text.Length + 1) * to.Length / Math.Max(1, from.Length));
        if (most > MaxText || !scope.Spend(most / 10))
            return CelError.OutOfBudget;
        return from.Length == 0
            ? to + string.Concat(text.Select(c => c + to))
            : text.Replace(from, to, StringComparison.Ordinal);
    }

    private static object Join(CelList list, string separator, CelScope scope)
    {
        var parts = new List<string>();
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is not string part)
                return CelError.NoOverload("join", list);
            if (!scope.Spend(1 + ((part.Length + separator.Length) / 10)))
                return CelError.OutOfBudget;
            parts.Add(part);
        }

        return string.Join(separator, parts);
    }

    private static CelError OutOfRange(long at) => new($"index out of range: {at}");
}
