using System.Globalization;
using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>What one router said at one moment.</summary>
internal sealed class RouterReading
{
    private const string FirstTokenBucket = "ops_router_ttft_seconds_bucket";

    /// <summary>Counters by the name of their figure.</summary>
    public Dictionary<string, double> Counters { get; } = new(StringComparer.Ordinal);

    /// <summary>Values of now by the name of their figure.</summary>
    public Dictionary<string, double> Gauges { get; } = new(StringComparer.Ordinal);

    /// <summary>Streams whose first token came within a bound, by route and bound in seconds; counters.</summary>
    public Dictionary<(string Route, double Bound), double> FirstTokens { get; } = [];

    /// <summary>Reads a router's exposition.</summary>
    public static RouterReading Read(ReadOnlySpan<char> exposition)
    {
        var reading = new RouterReading();
        PrometheusText.Read(exposition, reading.Take);
        return reading;
    }

    private void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> labels, double value)
    {
        if (PrometheusText.Label(labels, "route") is not { } route)
            return;
        switch (name)
        {
            case "ops_router_requests_total":
                Add(Counters, MetricStore.Name(Figures.Requests, route, Variant(labels), PrometheusText.Label(labels, "outcome")), value);
                break;
            case "ops_router_deadline_met_total":
                Add(Counters, MetricStore.Name(Figures.InTime, route, Variant(labels)), value);
                break;
            case "ops_router_quality_sum":
                Add(Counters, MetricStore.Name(Figures.Quality, route, Variant(labels)), value);
                break;
            case "ops_router_queued":
                Add(Gauges, MetricStore.Name(Figures.Queued, route), value);
                break;
            case "ops_router_saturation":
                Add(Gauges, MetricStore.Name(Figures.Saturation, route), value);
                break;
            case FirstTokenBucket when double.TryParse(PrometheusText.Label(labels, "le"), NumberStyles.Float, CultureInfo.InvariantCulture, out var bound):
                FirstTokens[(route, bound)] = FirstTokens.GetValueOrDefault((route, bound)) + value;
                break;
        }
    }

    private static string Variant(ReadOnlySpan<char> labels) => PrometheusText.Label(labels, "variant") ?? "";

    private static void Add(Dictionary<string, double> figures, string name, double value) => figures[name] = figures.GetValueOrDefault(name) + value;
}
