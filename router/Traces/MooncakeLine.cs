using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Ops.Traces;

/// <summary>
/// A line of Mooncake's traces:
/// <c>{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}</c>, time in milliseconds.
/// </summary>
internal static class MooncakeLine
{
    public static bool TryParse(string line, out TraceRequest request, [NotNullWhen(false)] out string? problem)
    {
        request = default;
        try
        {
            using var json = JsonDocument.Parse(line);
            if (!TryWhole(json.RootElement, "timestamp", out var time, out problem) ||
                !TryWhole(json.RootElement, "input_length", out var input, out problem) ||
                !TryWhole(json.RootElement, "output_length", out var output, out problem))
                return false;
            request = new TraceRequest(TimeSpan.FromMilliseconds(time), Math.Max(1, input), Math.Max(1, output));
            if (json.RootElement.TryGetProperty("hash_ids", out var blocks))
                request = request with { PrefixBlocks = [.. blocks.EnumerateArray().Select(block => block.GetInt32())] };
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            problem = $"not a trace line: {e.Message}";
            return false;
        }
    }

    private static bool TryWhole(JsonElement line, string name, out int value, [NotNullWhen(false)] out string? problem)
    {
        value = 0;
        problem = line.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out value) && value >= 0
            ? null
            : $"'{name}' must be a whole number.";
        return problem is null;
    }
}
