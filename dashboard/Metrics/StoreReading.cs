using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>What an operator says of sharded stores at one moment; nothing where it does not lead.</summary>
internal sealed class StoreReading
{
    private bool leads;

    /// <summary>Values of now by the name of their figure, a shard each.</summary>
    public Dictionary<string, double> Gauges { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads an operator's exposition.</summary>
    public static StoreReading Read(ReadOnlySpan<char> exposition)
    {
        var reading = new StoreReading();
        PrometheusText.Read(exposition, reading.Take);
        if (!reading.leads)
            reading.Gauges.Clear();
        return reading;
    }

    private void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> labels, double value)
    {
        if (name is "ops_operator_leader")
            leads = value == 1;
        else if (name is "ops_store_replica_lag_bytes" && PrometheusText.Label(labels, "store") is { } store && PrometheusText.Label(labels, "shard") is { } shard)
            Gauges[MetricStore.Name(Figures.Lag, $"{PrometheusText.Label(labels, "namespace")}/{store}", shard)] = value;
    }
}
