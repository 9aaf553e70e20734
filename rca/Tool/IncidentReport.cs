using System.Text.Json;
using Spectre.Console;

namespace Ops.Rca.Tool;

/// <summary>One incident: a table of causes for people, JSON for machines.</summary>
internal static class IncidentReport
{
    private const int Shown = 10;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static void Run(Incident incident, IMethod? method, FileInfo? json, FileInfo? svg)
    {
        var analysis = RootCauseAnalysis.Run(incident, method);
        var explanation = Explanation.Of(incident, analysis);
        Print(analysis);
        Print(explanation);
        foreach (var apart in explanation.Apart)
            Print(apart);
        foreach (var note in analysis.Notes.Concat(explanation.Notes).Distinct())
            Console.WriteLine($"note: {note}");
        if (json is not null)
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(new { analysis.Method, analysis.Onset, analysis.OnsetFound, analysis.Services, analysis.Metrics, analysis.Notes, Explanation = explanation }, Indented));
        if (svg is not null)
            File.WriteAllText(svg.FullName, IncidentPicture.Draw(incident, analysis, explanation));
    }

    private static void Print(Analysis analysis)
    {
        var onset = analysis.Onset is { } at ? $"{DateTimeOffset.FromUnixTimeMilliseconds((long)(at * 1000)):yyyy-MM-dd HH:mm:ss} UTC" : "unknown";
        Console.WriteLine(analysis.OnsetFound is { } found && analysis.Onset is not null
            ? $"onset {onset}, found between {found.Earliest:0} and {found.Latest:0} (chance {found.Probability:0.00})"
            : $"onset {onset}");
        var table = new Table().AddColumns("rank", "service", "score", "why");
        foreach (var cause in analysis.Services.Take(Shown))
            table.AddRow($"{cause.Rank:0.#}", Markup.Escape(cause.Service), $"{cause.Score:G3}", Markup.Escape(string.Join("; ", cause.Reasons)));
        AnsiConsole.Write(table);
        Console.WriteLine("metrics: " + string.Join(", ", analysis.Metrics.Take(5).Select(cause => $"{cause.Service} {cause.Metric}")));
    }

    private static void Print(SeparateIncident apart)
    {
        Console.WriteLine($"incident of its own: {apart.Cause}, moved {string.Join(", ", apart.Services)}");
        foreach (var cause in apart.Ranking.Services.Where(cause => cause.Reasons.Count > 0).Take(3))
            Console.WriteLine($"  {cause.Rank:0.#} {cause.Service}: {string.Join("; ", cause.Reasons)}");
    }

    private static void Print(Explanation explanation)
    {
        foreach (var path in explanation.Paths)
            Console.WriteLine(path.LagSeconds is { } lag ? $"path: {path} ({lag:0.#} s)" : $"path: {path}");
        foreach (var edge in explanation.Graph.Edges.Take(Shown))
            Console.WriteLine($"edge: {edge.Cause} leads {edge.Effect} by {edge.LagSeconds:0.#} s, {(edge.Sign < 0 ? "against it" : "with it")}, and explains {edge.Gain:P1} of it beyond its own past");
    }
}
