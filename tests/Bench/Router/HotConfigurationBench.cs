using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Ops.Api;

namespace Ops.Bench.Router;

/// <summary>Changes of routes and endpoints under load: as many as the API server takes, and whether a request fails of it.</summary>
internal static class HotConfigurationBench
{
    private const int Connections = 20;

    // 50 a second are 3,000 a minute, three times what is promised; the router makes one table of those within 50 ms.
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);

    /// <summary>Adds the figures.</summary>
    /// <returns>Failed requests.</returns>
    internal static async Task<int> RunAsync(BenchContext context, RouterUnderTest router, IPEndPoint[] replicas, CancellationToken cancellation)
    {
        var length = TimeSpan.FromSeconds(context.Quick ? 2 : 20);
        context.Say($"changes of routes and endpoints under load for {length.TotalSeconds:0} s");
        var load = LoadClient.RunAsync(router.Contender, Wire.Request(router.Contender, 1_024), Connections, length, cancellation);
        var started = Stopwatch.GetTimestamp();
        var changes = 0;
        while (!load.IsCompleted && Stopwatch.GetElapsedTime(started) < length)
        {
            Change(router, replicas, changes++);
            await Task.Delay(Between, cancellation);
        }

        var minutes = Stopwatch.GetElapsedTime(started).TotalMinutes;
        var result = await load;
        router.Fleet.SetEndpoints("large", replicas);
        context.Figures.Add("hot_changes_per_min", changes / minutes, "1/min", "changes of routes and endpoints while 20 connections ask");
        context.Figures.Add("hot_failed", result.Failed, "", $"of {result.Answered + result.Failed} requests meanwhile, those not answered with 200");
        return result.Failed;
    }

    private static void Change(RouterUnderTest router, IPEndPoint[] replicas, int number)
    {
        if (number % 2 == 0)
            router.Fleet.SetEndpoints("large", number % 4 == 0 ? replicas[..^1] : replicas[1..]);
        else
            router.Fleet.Local.Patch<ModelRoute>("default", Wire.Model, new JsonObject { ["spec"] = new JsonObject { ["objective"] = new JsonObject { ["timeToFirstToken"] = $"{1 + (number % 7)}s" } } });
    }
}
