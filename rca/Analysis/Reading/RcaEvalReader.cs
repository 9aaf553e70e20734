namespace Ops.Rca.Reading;

/// <summary>
/// RCAEval's layout: one CSV with a column "time" and columns "service_metric" (the service ends at the first
/// underscore), "inject_time.txt" beside it; or normal.csv and anomalous.csv that were recorded apart. The cause is the
/// folder above the case: "cartservice_cpu/1/data.csv".
/// </summary>
public static class RcaEvalReader
{
    // How RCAEval names a fault, and how the metric that shows it best begins.
    private static readonly Dictionary<string, string> MetricOfFault = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cpu"] = "cpu", ["mem"] = "mem", ["disk"] = "disk", ["socket"] = "socket", ["delay"] = "lat", ["loss"] = "lat",
    };

    /// <summary>Reads one file or one case folder.</summary>
    /// <exception cref="BadInputException">The input cannot be analysed.</exception>
    public static Incident ReadIncident(string path)
    {
        var notes = new List<string>();
        var folder = Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!;
        var anomalous = Path.Combine(folder, "anomalous.csv");
        var isPair = Directory.Exists(path) && File.Exists(anomalous);
        var file = isPair ? anomalous : Directory.Exists(path) ? DataFile(path) : path;
        var onsetFile = Path.Combine(folder, "inject_time.txt");
        return new Incident
        {
            Name = path,
            Observed = ReadTable(file, notes),
            Normal = isPair && File.Exists(Path.Combine(folder, "normal.csv")) ? ReadTable(Path.Combine(folder, "normal.csv"), notes) : null,
            Onset = File.Exists(onsetFile) ? ReadOnset(onsetFile) : null,
            Notes = notes,
        };
    }

    /// <summary>Reads one case folder whose cause its folder's name tells; null if the name tells none.</summary>
    public static LabelledIncident? ReadLabelled(string folder)
    {
        var name = CauseOf(folder);
        var split = name?.LastIndexOf('_') ?? -1;
        return split <= 0 || !MetricOfFault.TryGetValue(name![(split + 1)..], out var metric)
            ? null
            : new LabelledIncident(ReadIncident(folder), name[..split], metric);
    }

    /// <summary>True for a folder that holds one case of this layout.</summary>
    public static bool IsCase(string folder) =>
        File.Exists(Path.Combine(folder, "anomalous.csv")) || File.Exists(Path.Combine(folder, "inject_time.txt"));

    // The case's number is a folder of its own below the cause: adservice_cpu/1.
    private static string? CauseOf(string folder)
    {
        var full = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar);
        var own = Path.GetFileName(full);
        return own.Contains('_', StringComparison.Ordinal) ? own : Path.GetFileName(Path.GetDirectoryName(full));
    }

    private static string DataFile(string folder)
    {
        var files = Directory.GetFiles(folder, "*.csv").Where(file => Path.GetFileName(file) != "normal.csv").Order(StringComparer.Ordinal).ToArray();
        return files.FirstOrDefault(file => Path.GetFileName(file) is "data.csv" or "simple_data.csv" or "metrics.csv")
            ?? (files.Length == 1 ? files[0] : throw new BadInputException($"{folder} holds {files.Length} CSV files and none is named data.csv."));
    }

    private static double ReadOnset(string file)
    {
        var onset = Clock.Parse(File.ReadAllText(file).Trim());
        return double.IsNaN(onset) ? throw new BadInputException($"{file} holds no time.") : onset;
    }

    private static MetricTable ReadTable(string file, List<string> notes)
    {
        var rows = Csv.Read(file);
        if (rows.Count == 0)
            throw new BadInputException($"{file} is empty.");
        var time = Array.FindIndex(rows[0], name => name.Equals("time", StringComparison.OrdinalIgnoreCase) || name.Equals("timestamp", StringComparison.OrdinalIgnoreCase));
        if (time < 0)
            throw new BadInputException($"{file} has no column named time; its first is \"{rows[0][0]}\".");
        var fields = Enumerable.Range(0, rows[0].Length)
            .Where(field => field != time && !rows[0][field].StartsWith("time", StringComparison.OrdinalIgnoreCase) && rows[0][field].Length > 0).ToArray();
        var body = rows.Skip(1).ToArray();
        var table = new MetricTable(
            [.. body.Select(row => Clock.Parse(row.Length > time ? row[time] : ""))],
            [.. fields.Select(field => Split(rows[0][field]))],
            [.. fields.Select(field => body.Select(row => Csv.Number(row, field)).ToArray())]);
        return TableCleaning.Clean(table, Path.GetFileName(file), notes);
    }

    private static Metric Split(string column)
    {
        var end = column.IndexOf('_', StringComparison.Ordinal);
        return end <= 0
            ? new Metric(column, "value", MetricKinds.FromName(column))
            : new Metric(column[..end], column[(end + 1)..], MetricKinds.FromName(column[(end + 1)..]));
    }
}
