using System.Globalization;
using System.Net.Http.Headers;

namespace Ops.Load;

/// <summary>Sum of a metric over all its label sets, read from an endpoint in Prometheus' text format.</summary>
internal static class EnergyReading
{
    public const string Metric = "ops_router_pool_energy_joules_total";

    /// <summary>Null where the endpoint cannot be read or does not have the metric.</summary>
    public static async Task<double?> ReadAsync(LoadOptions options, CancellationToken cancellationToken)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 16 * 1024 * 1024 };
            using var request = new HttpRequestMessage(HttpMethod.Get, options.MetricsAddress ?? new Uri(options.Target, "/metrics"));
            if (options.ApiKey is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
            using var response = await http.SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode ? Sum(await response.Content.ReadAsStringAsync(cancellationToken)) : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    // ops_router_pool_energy_joules_total{namespace="default",pool="qwen3-14b"} 123.4
    internal static double? Sum(string text)
    {
        double? sum = null;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith(Metric) || line.Length <= Metric.Length || line[Metric.Length] is not ('{' or ' '))
                continue;
            var value = line[(line.LastIndexOf('}') + 1)..].TrimStart();
            if (line[Metric.Length] == ' ')
                value = line[(Metric.Length + 1)..];
            var end = value.IndexOf(' ');
            if (double.TryParse(end < 0 ? value : value[..end], NumberStyles.Float, CultureInfo.InvariantCulture, out var joules))
                sum = (sum ?? 0) + joules;
        }
        return sum;
    }
}
