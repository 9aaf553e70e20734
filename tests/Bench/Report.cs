using System.Runtime.InteropServices;
using System.Text.Json;
using Spectre.Console;

namespace Ops.Bench;

/// <summary>Something that the bench needs is not here; the message says how to get it.</summary>
internal sealed class BenchCannotRunException(string message) : Exception(message);

/// <summary>The two forms of a result: a table for people, JSON for machines.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Prints the table.</summary>
    public static void Print(string name, Figures figures)
    {
        var table = new Table().Title($"bench {name}").AddColumns("figure", "value", "unit", "meaning");
        table.Columns[1].RightAligned();
        foreach (var (key, value, unit, meaning) in figures.Rows)
            table.AddRow(key, Short(value), unit, Markup.Escape(meaning));
        AnsiConsole.Write(table);
    }

    /// <summary>Writes {"name": ..., "machine": ..., "figures": {KEY: number}}.</summary>
    public static async Task WriteJsonAsync(FileInfo file, string name, Figures figures, CancellationToken cancellation)
    {
        var document = new
        {
            name,
            machine = $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}",
            figures = figures.Rows.ToDictionary(row => row.Key, row => row.Value),
        };
        await using var stream = file.Create();
        await JsonSerializer.SerializeAsync(stream, document, Indented, cancellation);
    }

    /// <summary>Four significant digits, whole numbers as they are.</summary>
    private static string Short(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e9 ? value.ToString("0") : value.ToString("G4");
}
