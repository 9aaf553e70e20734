using System.Globalization;
using Ops.Api;
using Ops.Rca.Service.Detection;
using Ops.Rca.Sources;

namespace Ops.Rca.Service.Incidents;

/// <summary>Names, times and numbers as they stand in an Incident: bounded, clean and with few digits.</summary>
internal static class IncidentText
{
    /// <summary>The target of a service's id: namespace/name, or name alone.</summary>
    public static IncidentTarget Target(string service)
    {
        var slash = service.IndexOf('/');
        return slash is > 0 and <= 63
            ? new() { Namespace = service[..slash], Name = Cut(service[(slash + 1)..], 253) }
            : new() { Name = Cut(service, 253) };
    }

    /// <summary>A moment, in whole seconds as the API's own times are.</summary>
    public static DateTime Time(double seconds) => DateTimeOffset.FromUnixTimeSeconds((long)Math.Round(seconds)).UtcDateTime;

    /// <summary>Three significant digits; null for what is no number.</summary>
    public static double? Number(double value) =>
        double.IsFinite(value) ? double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;

    /// <summary>A clean text of at most so many characters.</summary>
    public static string Cut(string text, int most)
    {
        var clean = Tainted.Clean(text, most - 3);
        return clean.Length <= most ? clean : clean[..most];
    }

    /// <summary>"shop/catalog gap from shop/web 0.002 -> 0.205".</summary>
    public static string Words(Movement movement) =>
        string.Create(CultureInfo.InvariantCulture, $"{movement.Signal.Metric} {movement.Before:G3} -> {movement.Now:G3}");
}
