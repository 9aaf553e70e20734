using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>What a pod of any annotated service counted since its start, under OpenTelemetry's names in Prometheus' form.</summary>
internal sealed class ServiceReading
{
    private const string Server = "http_server_request_duration_seconds";
    private const string Client = "http_client_request_duration_seconds";

    // A service with more callees than this is a proxy for the outside world; its edges would hide all others.
    private const int MaxCallees = 100;

    /// <summary>Requests answered.</summary>
    public Calls Answered { get; } = new();

    /// <summary>Calls made, by callee as the service names it.</summary>
    public Dictionary<string, Calls> Made { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads an exposition.</summary>
    public static ServiceReading Read(ReadOnlySpan<char> exposition)
    {
        var reading = new ServiceReading();
        PrometheusText.Read(exposition, reading.Take);
        return reading;
    }

    private void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> labels, double value)
    {
        var calls = name.StartsWith(Server, StringComparison.Ordinal) ? Answered : name.StartsWith(Client, StringComparison.Ordinal) ? CallsTo(labels) : null;
        if (calls is null)
            return;
        if (name.EndsWith("_sum", StringComparison.Ordinal))
            calls.Seconds += value;
        else if (name.EndsWith("_count", StringComparison.Ordinal))
        {
            calls.Count += value;
            if (PrometheusText.Label(labels, "http_response_status_code") is ['5', ..])
                calls.Failed += value;
        }
    }

    private Calls? CallsTo(ReadOnlySpan<char> labels)
    {
        if (PrometheusText.Label(labels, "server_address") is not { Length: > 0 and <= 253 } callee)
            return null;
        if (Made.TryGetValue(callee, out var calls))
            return calls;
        return Made.Count < MaxCallees ? Made[callee] = new() : null;
    }

    /// <summary>Counters of calls.</summary>
    internal sealed class Calls
    {
        /// <summary>All of them.</summary>
        public double Count { get; set; }

        /// <summary>Those that ended with a status of 500 or above.</summary>
        public double Failed { get; set; }

        /// <summary>Their durations.</summary>
        public double Seconds { get; set; }
    }
}
