using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Tables;

/// <summary>One column of a Table.</summary>
internal sealed record Column(string Name, string Type, Func<JsonObject, DateTimeOffset, JsonNode?> Cell, int Priority = 0, string Format = "", string Description = "");

/// <summary>The columns of one kind.</summary>
internal sealed record Printer(IReadOnlyList<Column> Columns)
{
    public IEnumerable<JsonNode?> Cells(JsonObject document, DateTimeOffset now) => Columns.Select(c => c.Cell(document, now));
}

/// <summary>Text of cells as kubectl's users know it.</summary>
internal static class CellText
{
    /// <summary>Time since a timestamp in kubectl's short form; <c>&lt;unknown&gt;</c> where there is none.</summary>
    public static string Since(string? timestamp, DateTimeOffset now) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Duration(now - time) : "<unknown>";

    /// <summary>HumanDuration of apimachinery: two units where the first is small, one where it is not.</summary>
    public static string Duration(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        if (seconds < -1) return "<invalid>";
        if (seconds < 0) return "0s";
        if (seconds < 120) return $"{seconds}s";
        var minutes = (long)span.TotalMinutes;
        if (minutes < 10) return Two(minutes, "m", seconds % 60, "s");
        if (minutes < 180) return $"{minutes}m";
        var hours = (long)span.TotalHours;
        if (hours < 8) return Two(hours, "h", minutes % 60, "m");
        if (hours < 48) return $"{hours}h";
        if (hours < 192) return Two(hours / 24, "d", hours % 24, "h");
        var days = hours / 24;
        if (days < 730) return $"{days}d";
        return days < 2920 ? Two(days / 365, "y", days % 365, "d") : $"{days / 365}y";
    }

    private static string Two(long first, string firstUnit, long second, string secondUnit) =>
        second == 0 ? $"{first}{firstUnit}" : $"{first}{firstUnit}{second}{secondUnit}";
}
