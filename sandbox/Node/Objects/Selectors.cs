using k8s.Models;

namespace Ops.Sandbox.Node.Objects;

/// <summary>Label selection as the API defines it: an empty selector matches everything, a missing one nothing.</summary>
internal static class Selectors
{
    private static readonly Dictionary<string, string> NoLabels = [];

    public static bool Matches(V1LabelSelector? selector, IDictionary<string, string>? labels)
    {
        if (selector is null)
            return false;
        labels ??= NoLabels;
        return MatchesAll(selector.MatchLabels, labels)
            && (selector.MatchExpressions ?? []).All(rule => Holds(rule.Key, rule.OperatorProperty, rule.Values, labels));
    }

    /// <summary>A Service's plain map selector; an empty one selects nothing there.</summary>
    public static bool MatchesMap(IDictionary<string, string>? selector, IDictionary<string, string>? labels) =>
        selector is { Count: > 0 } && MatchesAll(selector, labels ?? NoLabels);

    public static bool MatchesAll(IDictionary<string, string>? wanted, IDictionary<string, string>? labels) =>
        wanted is null || wanted.All(pair => labels is not null && labels.TryGetValue(pair.Key, out var value) && value == pair.Value);

    /// <summary>One requirement of a label or node selector. Gt and Lt compare integers and exist for nodes only.</summary>
    public static bool Holds(string key, string @operator, IList<string>? values, IDictionary<string, string> labels)
    {
        var present = labels.TryGetValue(key, out var value);
        return @operator switch
        {
            "In" => present && values is not null && values.Contains(value!),
            "NotIn" => !present || values is null || !values.Contains(value!),
            "Exists" => present,
            "DoesNotExist" => !present,
            "Gt" => present && Compare(value!, values) > 0,
            "Lt" => present && Compare(value!, values) < 0,
            _ => false,
        };
    }

    private static int Compare(string value, IList<string>? values) =>
        values is [var bound] && long.TryParse(value, out var left) && long.TryParse(bound, out var right) ? left.CompareTo(right) : 0;
}
