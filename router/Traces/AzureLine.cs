using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Ops.Traces;

/// <summary>
/// A line of AzureLLMInferenceTrace_*.csv: <c>2023-11-16 18:15:46.6805900,374,44</c>, that is time (digits of 100 ns), prompt
/// tokens, answer tokens. The 2024 files write a zone behind the time.
/// </summary>
internal static class AzureLine
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    private static readonly string[] TimeFormats = ["yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd HH:mm:sszzz"];

    public static string? HeaderProblem(string line) =>
        string.Equals(line.Trim(), Header, StringComparison.OrdinalIgnoreCase) ? null : $"expected the header '{Header}', not '{Shown(line)}'.";

    public static bool TryParse(string line, out TraceRequest request, [NotNullWhen(false)] out string? problem)
    {
        request = default;
        var fields = line.Split(',');
        if (fields.Length != 3)
        {
            problem = $"expected 3 fields, not {fields.Length}: '{Shown(line)}'.";
            return false;
        }
        if (!DateTime.TryParseExact(
            fields[0], TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            problem = $"'{Shown(fields[0])}' is not a time such as 2023-11-16 18:15:46.6805900.";
            return false;
        }
        if (!TryTokens(fields[1], out var context))
        {
            problem = $"ContextTokens must be a whole number, not '{Shown(fields[1])}'.";
            return false;
        }
        if (!TryTokens(fields[2], out var generated))
        {
            problem = $"GeneratedTokens must be a whole number, not '{Shown(fields[2])}'.";
            return false;
        }
        problem = null;
        request = new TraceRequest(TimeSpan.FromTicks(time.Ticks), Math.Max(1, context), Math.Max(1, generated));
        return true;
    }

    // 0 happens where a request was empty; the smallest that can be sent is 1.
    private static bool TryTokens(string field, out int tokens) =>
        int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out tokens);

    private static string Shown(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
