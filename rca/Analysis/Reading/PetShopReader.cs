using System.Text.Json;

namespace Ops.Rca.Reading;

/// <summary>
/// PetShop as published: {high,low,temporal}_traffic*/{graph.csv, noissue/metrics.csv, train|test/issue_N/{metrics.csv,
/// target.json}}. metrics.csv has three header rows (microservice, metric, statistic), perhaps a fourth with the name of
/// the index, and unix time as index. graph.csv is an adjacency matrix: row calls column.
/// </summary>
public static class PetShopReader
{
    /// <summary>True for a folder that holds one case of this layout.</summary>
    public static bool IsCase(string folder) =>
        File.Exists(Path.Combine(folder, "target.json")) && File.Exists(Path.Combine(folder, "metrics.csv"));

    /// <summary>Reads one issue folder; the graph and the normal period are looked for above it.</summary>
    /// <exception cref="BadInputException">The input cannot be analysed.</exception>
    public static LabelledIncident Read(string folder)
    {
        var notes = new List<string>();
        var target = ReadTarget(Path.Combine(folder, "target.json"));
        var graph = FindAbove(folder, "graph.csv");
        var normal = FindAbove(folder, Path.Combine("noissue", "metrics.csv"));
        var incident = new Incident
        {
            Name = folder,
            Observed = ReadTable(Path.Combine(folder, "metrics.csv"), notes),
            Normal = normal is null ? null : ReadTable(normal, notes),
            Calls = graph is null ? [] : ReadGraph(graph),
            Onset = target.Onset,
            Symptom = target.Symptom,
            Notes = notes,
        };
        return new LabelledIncident(incident, target.Cause, target.Metric);
    }

    // {"target": {"node": "PetSite", "metric": "latency", "timestamp": 1681350548, ...}, "root_cause": {"node": "PetSearch_AWS::ECS::Fargate", "metric": null}}
    // Where the cause's metric is left open it is the one at which the fault was noticed: delays are injected for latency,
    // errors for availability.
    private static (double Onset, string Symptom, string Cause, string? Metric) ReadTarget(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            var target = document.RootElement.GetProperty("target");
            var cause = document.RootElement.GetProperty("root_cause");
            return (
                target.GetProperty("timestamp").GetDouble(),
                target.GetProperty("node").GetString()!,
                cause.GetProperty("node").GetString()!,
                Text(cause, "metric") ?? Text(target, "metric"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BadInputException($"{file} does not have PetShop's form: {e.Message}");
        }
    }

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Reads a metrics.csv with its three header rows.</summary>
    internal static MetricTable ReadTable(string file, List<string> notes)
    {
        var rows = Csv.Read(file);
        if (rows.Count < 4)
            throw new BadInputException($"{file} has {rows.Count} rows; three header rows and at least one of values were expected.");
        var body = rows.Skip(3).Where(row => !double.IsNaN(Clock.Parse(row[0]))).ToArray();
        var fields = Enumerable.Range(1, rows[0].Length - 1).ToArray();
        var table = new MetricTable(
            [.. body.Select(row => Clock.Parse(row[0]))],
            [.. fields.Select(field => new Metric(rows[0][field], $"{rows[1][field]} {rows[2][field]}", MetricKinds.FromName(rows[1][field])))],
            [.. fields.Select(field => body.Select(row => Csv.Number(row, field)).ToArray())]);
        return TableCleaning.Clean(table, Path.GetFileName(Path.GetDirectoryName(file)) + "/metrics.csv", notes);
    }

    /// <summary>Reads an adjacency matrix, or a list of edges with a header of two or more names (caller, callee).</summary>
    internal static IReadOnlyList<CallEdge> ReadGraph(string file)
    {
        var rows = Csv.Read(file);
        if (rows.Count == 0)
            throw new BadInputException($"{file} is empty.");
        return rows[0][0].Length > 0
            ? [.. rows.Skip(1).Where(row => row.Length > 1).Select(row => new CallEdge(row[0], row[1])).Distinct()]
            : [.. rows.Skip(1).SelectMany(row => Enumerable.Range(1, row.Length - 1).Where(field => Csv.Number(row, field) > 0)
                .Select(field => new CallEdge(row[0], rows[0][field])))];
    }

    // The graph lies two folders up, the normal period beside "train".
    private static string? FindAbove(string folder, string name)
    {
        var above = Path.GetFullPath(folder);
        for (var up = 0; up < 3 && above is not null; up++, above = Path.GetDirectoryName(above))
            if (File.Exists(Path.Combine(above, name)))
                return Path.Combine(above, name);
        return null;
    }
}
