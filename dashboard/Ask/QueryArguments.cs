using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Llm;

namespace Ops.Dashboard.Ask;

/// <summary>Arguments that were checked against their query: known names, short texts, numbers within bounds.</summary>
/// <param name="Values">The texts, numbers as written; only what was given.</param>
internal sealed record QueryArguments(ImmutableSortedDictionary<string, string> Values)
{
    // A call with more than this is no query.
    private const int MostCharacters = 4096;

    /// <summary>A text, or "" where none was given.</summary>
    public string Text(string name) => Values.GetValueOrDefault(name, "");

    /// <summary>A number, or null where none was given.</summary>
    public double? Number(string name) => Values.TryGetValue(name, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary>Reads what a model wrote.</summary>
    /// <param name="tool">What it calls.</param>
    /// <param name="json">Its arguments, if they are JSON.</param>
    /// <param name="problem">Why they are refused; "" where they are not.</param>
    public static QueryArguments? Read(QueryTool tool, string json, out string problem)
    {
        problem = $"the arguments are no JSON object of at most {MostCharacters} characters";
        if (json.Length > MostCharacters)
            return null;
        try
        {
            if (JsonNode.Parse(json) is not JsonObject given)
                return null;
            var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in given)
            {
                // Models say "not given" with null and with an empty text.
                if (value is null || (value.GetValueKind() == JsonValueKind.String && value.ToString().Length == 0))
                    continue;
                if (tool.Parameters.FirstOrDefault(parameter => parameter.Name == name) is not { } parameter)
                    problem = $"there is no argument {Quote(name)}; there are {string.Join(", ", tool.Parameters.Select(known => known.Name))}";
                else if (Value(parameter, value, out problem) is { } text)
                    values[name] = text;
                if (problem.Length > 0)
                    return null;
            }

            problem = tool.Parameters.FirstOrDefault(parameter => parameter.IsNeeded && !values.ContainsKey(parameter.Name)) is { } missing ? $"the argument {missing.Name} is missing" : "";
            return problem.Length == 0 ? new(values.ToImmutable()) : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException or InvalidOperationException)
        {
            // Not JSON, or an object that has a member twice.
            return null;
        }
    }

    private static string? Value(QueryParameter parameter, JsonNode value, out string problem)
    {
        problem = $"the argument {parameter.Name} is to be a text of at most {QueryTool.MostText} characters";
        if (value.GetValueKind() is not (JsonValueKind.String or JsonValueKind.Number) || value.ToString() is not { Length: <= QueryTool.MostText } text)
            return null;
        problem = "";
        if (parameter.Bounds is var (least, most))
        {
            // A text that is a number means the same; NaN lies within no bounds.
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
                return number.ToString("R", CultureInfo.InvariantCulture);
            problem = string.Create(CultureInfo.InvariantCulture, $"the argument {parameter.Name} is to be a number from {least} to {most}, not {Quote(text)}");
            return null;
        }

        text = TaintedText.Clean(text, QueryTool.MostText);
        if (parameter.OneOf.Length == 0 || parameter.OneOf.Contains(text))
            return text;
        problem = $"the argument {parameter.Name} is to be one of {string.Join(", ", parameter.OneOf)}, not {Quote(text)}";
        return null;
    }

    private static string Quote(string text) => $"\"{TaintedText.Clean(text, 60)}\"";
}
