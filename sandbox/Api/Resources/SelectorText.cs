using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Resources;

/// <summary>A LabelSelector object as query text: <c>app=web,tier in (a,b),!legacy</c>.</summary>
internal static class SelectorText
{
    public static string Of(JsonObject? selector)
    {
        if (selector is null) return "<none>";
        var labels = selector.Child("matchLabels");
        var terms = (labels ?? []).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={m.Value.AsText()}");
        return string.Join(',', terms.Concat(selector.Items("matchExpressions").Select(Expression)));
    }

    private static string Expression(JsonObject expression)
    {
        var key = expression.Text("key");
        var values = string.Join(',', expression.Texts("values").Order(StringComparer.Ordinal));
        return expression.Text("operator") switch
        {
            "In" => $"{key} in ({values})",
            "NotIn" => $"{key} notin ({values})",
            "Exists" => $"{key}",
            _ => $"!{key}",
        };
    }
}
