using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Ops.Cli.Terminal;

/// <summary>Durations as people type them: <c>60s</c>, <c>2m</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
internal static partial class Durations
{
    /// <summary>Reads a duration; null when it is none or not above zero.</summary>
    public static TimeSpan? Parse(string text)
    {
        if (!Whole().IsMatch(text))
            return null;
        var total = TimeSpan.Zero;
        foreach (Match part in Part().Matches(text))
        {
            var number = double.Parse(part.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
            // A week is longer than any run; the bound keeps the sum far from overflow.
            if (number > 7 * 24 * 3600)
                return null;
            total += part.Groups["unit"].Value switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                _ => TimeSpan.FromHours(number),
            };
        }

        return total > TimeSpan.Zero ? total : null;
    }

    /// <summary>The parser of an option.</summary>
    public static TimeSpan? ParseOption(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var parsed = Parse(text);
        if (parsed is null)
            result.AddError($"'{text}' is not a duration above zero such as 60s, 2m or 500ms.");
        return parsed;
    }

    /// <summary>A duration in the unit a reader expects: 850 ms, 1.24 s.</summary>
    public static string Show(double seconds) => seconds switch
    {
        < 0.001 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.00} ms"),
        < 0.1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.0} ms"),
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
    };

    [GeneratedRegex(@"^(\d+(\.\d+)?(ms|s|m|h))+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Whole();

    [GeneratedRegex(@"(?<number>\d+(\.\d+)?)(?<unit>ms|s|m|h)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Part();
}
