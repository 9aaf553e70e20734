using System.Text.Json;

namespace Ops.Rca.Reading;

/// <summary>
/// An incident that <c>./ops chaos record</c> wrote: RCAEval's data.csv, the calls beside it, and truth.json:
/// {"fault": "pool-exhaustion", "service": "cart", "metric": "pool", "symptom": "frontend", "injectTime": 1795598487.8}
/// and of two faults at once "second": {"fault": ..., "service": ..., "metric": ...}.
/// Of a control (nothing was at fault) the service is null. What a caller sees of a call (<c>frontend_to-catalog-latency</c>)
/// belongs to the called service.
/// </summary>
public static class RecordingReader
{
    private const string Truth = "truth.json";
    private const string Calls = "calls.csv";
    private const string CallTo = "to-";
    private const string Latency = "-latency";
    private const string Gap = "gap-from-";

    /// <summary>True for a folder that holds one recording.</summary>
    public static bool IsCase(string folder) => File.Exists(Path.Combine(folder, Truth)) && File.Exists(Path.Combine(folder, Calls));

    /// <summary>Reads one recording.</summary>
    /// <returns>The incident with its cause, whose service is empty for a control; the fault that was injected; and the service of a second fault, null for none.</returns>
    /// <exception cref="BadInputException">It cannot be read.</exception>
    public static (LabelledIncident Labelled, string Fault, string? Second) Read(string folder)
    {
        var file = Path.Combine(folder, Truth);
        try
        {
            using var truth = JsonDocument.Parse(File.ReadAllText(file));
            var root = truth.RootElement;
            var read = RcaEvalReader.ReadIncident(folder);
            var incident = read with
            {
                Observed = new MetricTable(read.Observed.Times, [.. read.Observed.Metrics.Select(OfCallee)], read.Observed.Columns),
                Calls = PetShopReader.ReadGraph(Path.Combine(folder, Calls)),
                Symptom = root.GetProperty("symptom").GetString(),
                Onset = root.GetProperty("injectTime").GetDouble(),
            };
            return (new LabelledIncident(incident, root.GetProperty("service").GetString() ?? "", root.GetProperty("metric").GetString()), root.GetProperty("fault").GetString() ?? "",
                root.TryGetProperty("second", out var second) && second.ValueKind == JsonValueKind.Object ? second.GetProperty("service").GetString() : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BadInputException($"{file} is not what ./ops chaos record writes: {e.Message}");
        }
    }

    private static Metric OfCallee(Metric metric) =>
        metric.Name.StartsWith(CallTo, StringComparison.Ordinal) && metric.Name.EndsWith(Latency, StringComparison.Ordinal)
            ? new Metric(metric.Name[CallTo.Length..^Latency.Length], $"latency as seen by {metric.Service}", MetricKind.Latency) { SeenBy = metric.Service }
            : metric.Name.StartsWith(Gap, StringComparison.Ordinal) ? metric with { SeenBy = metric.Name[Gap.Length..] } : metric;
}
