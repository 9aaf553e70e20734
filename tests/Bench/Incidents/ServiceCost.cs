using System.Net;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ops.Bench.Controller;
using Ops.Sandbox.Api;
using Ops.Testing;

namespace Ops.Bench.Incidents;

/// <summary>The real executable against an API server with 50 annotated pods, each a page of 100 series that move, read every 15 s.</summary>
internal static class ServiceCost
{
    private const int Pods = 50;
    private const int SeriesOfPod = 100;
    private const int Port = 19_877;

    private static int s_asked;

    public static async Task MeasureAsync(BenchContext context, CancellationToken cancellation)
    {
        var executable = Repository.Executable("Ops.Rca.Service");
        if (!File.Exists(executable))
            throw new BenchCannotRunException($"{executable} is not built; start through ./ops, which builds it.");
        await using var server = await ApiServer.StartAsync(new ApiServerOptions(), cancellation);
        var folder = Directory.CreateTempSubdirectory("ops-bench-incidents-");
        await using var pages = await PagesAsync(cancellation);
        try
        {
            var kubeconfig = Path.Combine(folder.FullName, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, server.KubeconfigFor(server.AdminToken), cancellation);
            await PreparePodsAsync(kubeconfig, cancellation);
            await using var service = ChildProcess.Start(
                executable, ["--interval", "15s", "--namespace", "default", "--urls", "http://127.0.0.1:0"], Path.Combine(folder.FullName, "log"), new Dictionary<string, string?> { ["KUBECONFIG"] = kubeconfig });
            // The first round reads and parses everything for the first time; what lasts is what comes after.
            await Task.Delay(TimeSpan.FromSeconds(17), cancellation);
            var (before, askedBefore) = (ProcessUsage.Of(service.Id), Volatile.Read(ref s_asked));
            var span = TimeSpan.FromSeconds(context.Quick ? 30 : 300);
            context.Say($"{Pods * SeriesOfPod} series at 15 s for {span.TotalSeconds:0} s");
            await Task.Delay(span, cancellation);
            var after = ProcessUsage.Of(service.Id);
            var asked = Volatile.Read(ref s_asked) - askedBefore;
            if (service.HasExited || asked < Pods * (int)(span.TotalSeconds / 15))
                throw new BenchCannotRunException($"the root-cause service read only {asked} pages:\n{service.Tail()}");
            context.Figures.Add("series", Pods * SeriesOfPod, "", "raw series, read by the service's own scraper every 15 s");
            context.Figures.Add("service_cpu_cores", (after.CpuSeconds - before.CpuSeconds) / span.TotalSeconds, "cores", "processor time of the real executable");
            context.Figures.Add("service_rss_mb", after.PeakResidentMb, "MiB", "its largest resident set");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IPAddress Address(int pod) => IPAddress.Parse($"127.77.{pod / 250}.{1 + (pod % 250)}");

    // One server on every pod's address: the page depends on whom it is asked of.
    private static async Task<WebApplication> PagesAsync(CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            for (var pod = 0; pod < Pods; pod++)
                kestrel.Listen(Address(pod), Port);
        });
        var app = builder.Build();
        app.MapGet("/metrics", () => Results.Text(Page(Interlocked.Increment(ref s_asked)), "text/plain"));
        await app.StartAsync(cancellation);
        return app;
    }

    // 6 callers by 13 series of a histogram, 22 counters and gauges: 100.
    private static string Page(int round)
    {
        var page = new StringBuilder();
        for (var caller = 0; caller < 6; caller++)
        {
            for (var bucket = 0; bucket < 11; bucket++)
                page.Append($"http_server_request_duration_seconds_bucket{{caller=\"c{caller}\",le=\"{(bucket == 10 ? "+Inf" : $"0.{bucket + 1:00}")}\"}} {round * (bucket + 1)}\n");
            page.Append($"http_server_request_duration_seconds_sum{{caller=\"c{caller}\"}} {round * 0.3}\nhttp_server_request_duration_seconds_count{{caller=\"c{caller}\"}} {round * 11}\n");
        }

        for (var i = 0; i < 11; i++)
            page.Append($"work_{i}_total {round * i}\nlevel_{i} {(round * 7) % (11 + i)}\n");
        return page.ToString();
    }

    private static async Task PreparePodsAsync(string kubeconfig, CancellationToken cancellation)
    {
        using var kubectl = new Kubectl(await File.ReadAllTextAsync(kubeconfig, cancellation));
        (await kubectl.RunAsync(["apply", "-k", Path.Combine(Repository.Root, "manifests", "crds")], cancellation)).OrThrow();
        using var client = new Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeconfig));
        for (var i = 0; i < Pods; i++)
        {
            var pod = new V1Pod
            {
                Metadata = new() { Name = $"p{i}", Annotations = new Dictionary<string, string> { ["prometheus.io/scrape"] = "true", ["prometheus.io/port"] = $"{Port}" } },
                Spec = new() { Containers = [new() { Name = "c", Image = "none" }] },
            };
            await client.CoreV1.CreateNamespacedPodAsync(pod, "default", cancellationToken: cancellation);
            var status = new V1Patch(
                $$$"""{"status":{"phase":"Running","podIP":"{{{Address(i)}}}","conditions":[{"type":"Ready","status":"True"}]}}""", V1Patch.PatchType.MergePatch);
            await client.CoreV1.PatchNamespacedPodStatusAsync(status, $"p{i}", "default", cancellationToken: cancellation);
        }
    }
}
