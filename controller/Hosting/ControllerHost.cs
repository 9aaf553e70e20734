using k8s.Exceptions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ops.Kube;
using Prometheus;

namespace Ops.Hosting;

/// <summary>What every process has in common that watches a cluster, acts while it holds a lease, and serves /healthz, /readyz and /metrics.</summary>
public static class ControllerHost
{
    /// <summary>The cluster of the pod, of KUBECONFIG or of ~/.kube/config; null after it was said on standard error why there is none.</summary>
    public static KubeClient? Client(string userAgent)
    {
        try
        {
            return KubeClient.FromEnvironment(new() { UserAgent = userAgent });
        }
        catch (Exception error) when (error is KubeConfigException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"No cluster to work with: {error.Message}");
            return null;
        }
    }

    /// <summary>A builder with the client, the lease, a writer and a recorder of Events that obey it, and one log line an entry.</summary>
    /// <param name="urls">Where the process listens.</param>
    /// <param name="client">The cluster.</param>
    /// <param name="lease">The lease under which it acts.</param>
    /// <param name="component">Source of its Events, for example ops-operator.</param>
    /// <param name="seconds">Bounds of histograms of the meters named Ops.; null for prometheus-net's own.</param>
    public static WebApplicationBuilder Builder(string urls, KubeClient client, LeaderLeaseOptions lease, string component, double[]? seconds = null)
    {
        ShowOwnMetersOnly(seconds);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(urls);
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(client);
        builder.Services.AddSingleton(services => new LeaderLease(client, lease, TimeProvider.System, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<ILeadership>(services => services.GetRequiredService<LeaderLease>());
        builder.Services.AddSingleton<ApplyWriter>();
        builder.Services.AddSingleton(services => new EventRecorder(
            client, component, services.GetRequiredService<ILeadership>(), TimeProvider.System, services.GetRequiredService<ILoggerFactory>()));
        return builder;
    }

    /// <summary>Adds /healthz, /readyz (which names every cache that has not been filled) and /metrics.</summary>
    public static void MapHealth(this WebApplication app, IReadOnlyList<(string Name, IResourceCache Cache)> caches)
    {
        // A hung process does not answer, and a failed component stops the host, so answering is being alive.
        app.MapGet("/healthz", () => Results.Text("ok\n"));
        app.MapGet("/readyz", () =>
        {
            var missing = string.Concat(caches.Where(cache => !cache.Cache.HasSynced).Select(cache => $"{cache.Name}: {cache.Cache.Trouble}\n"));
            return missing.Length == 0 ? Results.Text("ok\n") : Results.Text(missing, statusCode: StatusCodes.Status503ServiceUnavailable);
        });
        app.MapMetrics();
    }

    // From the start, not from the first look at /metrics. ASP.NET's own would triple the page and say nothing about a fleet.
    private static void ShowOwnMetersOnly(double[]? seconds)
    {
        Metrics.SuppressDefaultMetrics(new() { SuppressMeters = true, SuppressEventCounters = true, SuppressDebugMetrics = true });
        var options = new MeterAdapterOptions { InstrumentFilterPredicate = instrument => instrument.Meter.Name.StartsWith("Ops.", StringComparison.Ordinal) };
        if (seconds is not null)
            options.ResolveHistogramBuckets = _ => seconds;
        MeterAdapter.StartListening(options);
    }
}
