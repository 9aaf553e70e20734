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

    /// <summary>Writes {"name": ..., "machine": ..., "figures": {KEY: number}}, and for benches with parts "form" and the "parts" that are done.</summary>
    public static async Task WriteJsonAsync(FileInfo file, string name, bool quick, Figures figures, CancellationToken cancellation)
    {
        var document = new
        {
            name,
            machine = $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}",
            form = Form(quick),
            parts = figures.Parts,
            figures = figures.Rows.ToDictionary(row => row.Key, row => row.Value),
        };
        // Beside it and then in its place: a run that is cut off leaves a whole file.
        var whole = file.FullName + ".new";
        await using (var stream = File.Create(whole))
            await JsonSerializer.SerializeAsync(stream, document, Indented, cancellation);
        File.Move(whole, file.FullName, overwrite: true);
    }

    /// <summary>Takes over what a run that was cut off has measured.</summary>
    /// <returns>Whether there was such a run.</returns>
    /// <exception cref="BenchCannotRunException">The file is another bench's, of the other form, or no result at all.</exception>
    public static bool Restore(FileInfo file, string name, bool quick, Figures figures)
    {
        if (!file.Exists)
            return false;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            var root = document.RootElement;
            if (root.GetProperty("name").GetString() != name || root.GetProperty("form").GetString() != Form(quick))
                throw new BenchCannotRunException($"{file.FullName} is not of bench {name} in its {Form(quick)} form; name another file, or leave --resume out to write it anew");
            foreach (var part in root.GetProperty("parts").EnumerateArray())
                figures.Parts.Add(part.GetString()!);
            foreach (var figure in root.GetProperty("figures").EnumerateObject())
                figures.Add(figure.Name, figure.Value.GetDouble(), "", "from the run before");
            return true;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BenchCannotRunException($"{file.FullName} is no result that can be gone on with: {error.Message}; leave --resume out to write it anew");
        }
    }

    private static string Form(bool quick) => quick ? "quick" : "full";

    /// <summary>Four significant digits, whole numbers as they are.</summary>
    private static string Short(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1e9 ? value.ToString("0") : value.ToString("G4");
}
