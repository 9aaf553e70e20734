using System.Globalization;

namespace Ops.FleetScenario;

/// <summary>Reads Prometheus' text format as far as the tests need it.</summary>
internal static class Metrics
{
    /// <summary>Sum over all series of a metric; null when there is none.</summary>
    public static double? Sum(string text, string name)
    {
        var values = text.Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            .Select(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)).ToList();
        return values.Count == 0 ? null : values.Sum();
    }
}
