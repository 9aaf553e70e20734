using System.Text.Json;

namespace Ops.Rca.Reading;

/// <summary>
/// An incident that <c>./ops chaos record</c> wrote: RCAEval's data.csv, the calls beside it, and truth.json:
/// {"fault": "pool-exhaustion", "service": "cart", "metric": "pool", "symptom": "frontend", "injectTime": 1795598487.8}
/// Of a control (nothing was at fault) the service is null.
/// </summary>
public static class RecordingReader
{
    private const string Truth = "truth.json";
    private const string Calls = "calls.csv";

    /// <summary>True for a folder that holds one recording.</summary>
    public static bool IsCase(string folder) => File.Exists(Path.Combine(folder, Truth)) && File.Exists(Path.Combine(folder, Calls));

    /// <summary>Reads one recording.</summary>
    /// <returns>The incident with its cause, whose service is empty for a control; and the fault that was injected.</returns>
    /// <exception cref="BadInputException">It cannot be read.</exception>
    public static (LabelledIncident Labelled, string Fault) Read(string folder)
    {
        var file = Path.Combine(folder, Truth);
        try
        {
            using var truth = JsonDocument.Parse(File.ReadAllText(file));
            var root = truth.RootElement;
            var incident = RcaEvalReader.ReadIncident(folder) with
            {
                Calls = PetShopReader.ReadGraph(Path.Combine(folder, Calls)),
                Symptom = root.GetProperty("symptom").GetString(),
                Onset = root.GetProperty("injectTime").GetDouble(),
            };
            return (new LabelledIncident(incident, root.GetProperty("service").GetString() ?? "", root.GetProperty("metric").GetString()), root.GetProperty("fault").GetString() ?? "");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BadInputException($"{file} is not what ./ops chaos record writes: {e.Message}");
        }
    }
}
