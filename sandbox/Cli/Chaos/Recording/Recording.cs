using System.Globalization;
using System.Text;
using System.Text.Json;
using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Chaos.Recording;

/// <summary>
/// Writes one incident as a folder in RCAEval's layout: SERVICE_FAULT/NUMBER/{data.csv, inject_time.txt, calls.csv,
/// truth.json}. data.csv has a column time and columns service_metric; an empty cell had no event in that second.
/// </summary>
internal static class Recording
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static void Write(string root, PlannedIncident incident, double onset, IReadOnlyList<Row> rows)
    {
        var folder = Path.Combine(root, incident.Folder, incident.Number.ToString(CultureInfo.InvariantCulture));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "inject_time.txt"), onset.ToString("0", CultureInfo.InvariantCulture) + "\n");
        File.WriteAllLines(Path.Combine(folder, "calls.csv"), ["caller,callee", .. Shop.Calls.Select(call => $"{call.Caller},{call.Callee}")]);
        File.WriteAllText(Path.Combine(folder, "truth.json"), Truth(incident, onset) + "\n");
        // Last: a folder with data is a whole one.
        File.WriteAllText(Path.Combine(folder, "data.csv"), Table(rows));
    }

    private static string Truth(PlannedIncident incident, double onset) => JsonSerializer.Serialize(
        new
        {
            fault = incident.Order?.Fault.Name ?? "placebo",
            service = incident.Order?.Fault.Metric is null ? null : incident.Order.Service,
            metric = incident.Order?.Fault.Metric,
            symptom = Shop.Entry,
            strength = incident.Order?.Strength ?? 0,
            rampSeconds = incident.Order?.Ramp.TotalSeconds ?? 0,
            injectTime = onset,
            second = incident.Second is { } second ? new { fault = second.Fault.Name, service = second.Service, metric = second.Fault.Metric } : null,
        },
        Json);

    private static string Table(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder("time");
        foreach (var column in Columns.All)
            text.Append(',').Append(column.Name);
        text.Append('\n');
        foreach (var row in rows)
        {
            text.Append(row.Time.ToString("0.0", CultureInfo.InvariantCulture));
            foreach (var value in row.Values)
                text.Append(',').Append(Short(value));
            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Three significant digits, which no metric of a second exceeds; nothing for not a number.</summary>
    private static string Short(double value) => double.IsFinite(value) ? value.ToString("G3", CultureInfo.InvariantCulture) : "";
}
