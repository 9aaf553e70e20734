using System.Text.Json;

namespace Ops.Rca.Reading;

/// <summary>
/// One day of Nezha as published: metric/POD_metric.csv (Time, TimeStamp, PodName, metrics), source_50.csv and
/// destination_50.csv (caller and callee latency of each call edge), dependency.csv, and one *fault_list.json. Each
/// fault becomes one case whose windows never reach into a neighbouring fault.
/// </summary>
public static class NezhaReader
{
    // A fault lasts some minutes and its neighbours begin 8 to 10 minutes later; after six minutes it has faded.
    private const double FaultSeconds = 360;
    private const double BeforeSeconds = 600;

    // The metrics that a fault itself moves; exceptions and early returns are in the code and have none.
    private static readonly Dictionary<string, string> MetricOfFault = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cpu_contention"] = "CpuUsage", ["cpu_consumed"] = "CpuUsage", ["network_delay"] = "gap|PodServerLatency|PodClientLatency",
    };

    // Quiet means: this far from every listed fault.
    private const double QuietSeconds = 900;

    /// <summary>True for a folder of one day.</summary>
    public static bool IsDay(string folder) => Directory.Exists(Path.Combine(folder, "metric")) && FaultList(folder) is not null;

    /// <summary>Reads every fault of the day.</summary>
    /// <exception cref="BadInputException">The input cannot be analysed.</exception>
    public static IReadOnlyList<LabelledIncident> Read(string folder)
    {
        var notes = new List<string>();
        var metrics = Path.Combine(folder, "metric");
        var table = ReadDay(metrics, notes);
        var calls = ReadCalls(Path.Combine(metrics, "dependency.csv"), [.. table.Metrics.Select(metric => metric.Service)]);
        var faults = ReadFaults(FaultList(folder)!);
        var quiet = table.Take(table.RowsWhere(time => faults.All(fault => time < fault.Onset - 60 || time > fault.Onset + QuietSeconds)));
        var cases = new List<LabelledIncident>();
        for (var i = 0; i < faults.Count; i++)
        {
            var onset = faults[i].Onset;
            var from = Math.Max(onset - BeforeSeconds, i > 0 ? faults[i - 1].Onset + FaultSeconds : double.MinValue);
            var to = Math.Min(onset + FaultSeconds, i + 1 < faults.Count ? faults[i + 1].Onset - 1 : double.MaxValue);
            var rows = table.RowsWhere(time => time >= from && time <= to);
            if (rows.Length == 0)
                throw new BadInputException($"{folder}: the fault at {onset:0} lies outside the metrics.");
            cases.Add(new LabelledIncident(
                new Incident { Name = $"{folder}#{i} {faults[i].Type}", Observed = table.Take(rows), Normal = quiet.Rows < 30 ? null : quiet, Calls = calls, Onset = onset, Notes = notes },
                faults[i].Service,
                MetricOfFault.GetValueOrDefault(faults[i].Type)));
        }

        return cases;
    }

    private static string? FaultList(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*fault_list.json").FirstOrDefault() : null;

    private static List<(double Onset, string Service, string Type)> ReadFaults(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            return [.. document.RootElement.EnumerateObject().SelectMany(hour => hour.Value.EnumerateArray())
                .Select(fault => (
                    Onset: Clock.Parse(fault.GetProperty("inject_timestamp").ToString()),
                    Service: ServiceOf(fault.GetProperty("inject_pod").GetString()!),
                    Type: fault.GetProperty("inject_type").GetString()!))
                .OrderBy(fault => fault.Onset)];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BadInputException($"{file} does not have Nezha's form: {e.Message}");
        }
    }

    // One row a minute; every file has its own second, so rows meet in the minute they belong to.
    private static MetricTable ReadDay(string folder, List<string> notes)
    {
        var columns = new List<(Metric Metric, Dictionary<double, double> Values)>();
        foreach (var file in Directory.GetFiles(folder, "*_metric.csv").Order(StringComparer.Ordinal))
            ReadPod(file, columns, notes);
        var source = Path.Combine(folder, "source_50.csv");
        var destination = Path.Combine(folder, "destination_50.csv");
        if (File.Exists(source) && File.Exists(destination))
            columns.AddRange(EdgeGaps.FromPairs(ReadWide(source), ReadWide(destination)));
        double[] times = [.. columns.SelectMany(column => column.Values.Keys).Distinct().Order()];
        var table = new MetricTable(times, [.. columns.Select(column => column.Metric)],
            [.. columns.Select(column => times.Select(time => column.Values.GetValueOrDefault(time, double.NaN)).ToArray())]);
        return TableCleaning.Clean(table, Path.GetFileName(Path.GetDirectoryName(folder))!, notes);
    }

    private static void ReadPod(string file, List<(Metric Metric, Dictionary<double, double> Values)> columns, List<string> notes)
    {
        var rows = Csv.Read(file);
        if (rows.Count < 2)
            return;
        var service = ServiceOf(Path.GetFileName(file)[..^"_metric.csv".Length]);
        var wrong = 0;
        var minutes = rows.Skip(1).Select(row => (Row: row, Minute: MinuteOf(row, ref wrong))).Where(row => double.IsFinite(row.Minute)).ToArray();
        if (wrong > 0)
            notes.Add($"{Path.GetFileName(file)}: in {wrong} rows TimeStamp contradicts Time; Time was believed.");
        for (var field = 3; field < rows[0].Length; field++)
        {
            var values = new Dictionary<double, double>();
            foreach (var (row, minute) in minutes)
                values[minute] = Csv.Number(row, field);
            columns.Add((new Metric(service, rows[0][field], MetricKinds.FromName(rows[0][field])), values));
        }
    }

    private static Dictionary<string, Dictionary<double, double>> ReadWide(string file)
    {
        var rows = Csv.Read(file);
        var wrong = 0;
        var minutes = rows.Skip(1).Select(row => (Row: row, Minute: MinuteOf(row, ref wrong))).ToArray();
        var result = new Dictionary<string, Dictionary<double, double>>();
        for (var field = 2; field < rows[0].Length; field++)
        {
            var values = result[rows[0][field]] = [];
            foreach (var (row, minute) in minutes)
                values[minute] = Csv.Number(row, field);
        }

        return result;
    }

    private static double MinuteOf(string[] row, ref int wrong)
    {
        var (text, number) = (Clock.Parse(row[0]), Clock.Parse(row[1]));
        if (double.IsFinite(text) && double.IsFinite(number) && Math.Abs(text - number) > 60)
            wrong++;
        // The samples are scraped around second 20 of a minute; half a minute earlier as border keeps each in its own.
        return Math.Floor((double.IsFinite(text) ? text : number) / 60) * 60 + 20;
    }

    // dependency.csv also lists which node a pod runs on; only services that have metrics are callers and callees.
    private static IReadOnlyList<CallEdge> ReadCalls(string file, HashSet<string> services) =>
        File.Exists(file) ? [.. PetShopReader.ReadGraph(file).Where(edge => services.Contains(edge.Caller) && services.Contains(edge.Callee))] : [];

    // "cartservice-579f59597d-wc2lz": the pod's name is that of its Deployment and two generated parts.
    private static string ServiceOf(string pod)
    {
        var parts = pod.Split('-');
        return parts.Length > 2 ? string.Join('-', parts[..^2]) : pod;
    }
}
