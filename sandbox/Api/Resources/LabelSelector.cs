namespace Ops.Sandbox.Api.Resources;

/// <summary>
/// A label selector as it stands in a query: <c>app=web,tier in (a,b),!legacy,gen&gt;3</c>.
/// </summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly IReadOnlyList<Requirement> _requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => _requirements = requirements;

    private enum Operator
    {
        Exists,
        Absent,
        In,
        NotIn,
        Greater,
        Less,
    }

    public bool IsEverything => _requirements.Count == 0;

    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return Everything;
        return new LabelSelector([.. SplitOutsideParentheses(text).Select(ParseRequirement)]);
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var requirement in _requirements)
        {
            if (!requirement.Matches(labels)) return false;
        }

        return true;
    }

    private static IEnumerable<string> SplitOutsideParentheses(string text)
    {
        var start = 0;
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '(') depth++;
            else if (text[i] == ')') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }

        yield return text[start..].Trim();
    }

    private static Requirement ParseRequirement(string text)
    {
        if (text.StartsWith('!')) return new Requirement(Key(text[1..], text), Operator.Absent, []);
        var open = text.IndexOf('(');
        if (open > 0)
        {
            var words = text[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || !text.EndsWith(')') || words[1] is not ("in" or "notin")) throw Bad(text);
            var values = text[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries);
            return new Requirement(Key(words[0], text), words[1] == "in" ? Operator.In : Operator.NotIn, values);
        }

        foreach (var (sign, op) in new[] { ("!=", Operator.NotIn), ("==", Operator.In), ("=", Operator.In), (">", Operator.Greater), ("<", Operator.Less) })
        {
            var at = text.IndexOf(sign, StringComparison.Ordinal);
            if (at <= 0) continue;
            var value = text[(at + sign.Length)..].Trim();
            if (value.AsSpan().IndexOfAny("=!<> ") >= 0) throw Bad(text);
            return new Requirement(Key(text[..at], text), op, [value]);
        }

        return new Requirement(Key(text, text), Operator.Exists, []);
    }

    private static string Key(string key, string text)
    {
        key = key.Trim();
        if (key.Length == 0 || key.Any(c => !(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/'))) throw Bad(text);
        return key;
    }

    private static ApiException Bad(string text) => Errors.BadRequest($"unable to parse requirement: found '{text}', expected: a label selector requirement");

    private sealed record Requirement(string Key, Operator Operator, IReadOnlyList<string> Values)
    {
        public bool Matches(IReadOnlyDictionary<string, string> labels)
        {
            var present = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                Operator.Exists => present,
                Operator.Absent => !present,
                Operator.In => present && Values.Contains(value!, StringComparer.Ordinal),
                Operator.NotIn => !present || !Values.Contains(value!, StringComparer.Ordinal),
                Operator.Greater => long.TryParse(value, out var more) && long.TryParse(Values[0], out var floor) && more > floor,
                _ => long.TryParse(value, out var less) && long.TryParse(Values[0], out var ceiling) && less < ceiling,
            };
        }
    }
}
