using System.Globalization;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.IncidentScenario;
using Ops.Rca.Sources.Recording;
using Ops.Sandbox.ShopPlan;
using Ops.Testing;

namespace Ops.Bench.Incidents;

/// <summary>
/// Faults injected into the shop of a real ./ops up: when its root-cause service has an incident, when that names the service
/// at fault and goes on to, and what it names after a minute. What the service read is kept, and gone through once more
/// by the code of this process: where the two differ it was the machine, else it is the method.
/// </summary>
internal static class LiveNaming
{
    /// <summary>Name of this part of the bench.</summary>
    public const string Part = "live";

    // The end of an incident takes two minutes of calm; the rest is for a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs every kind in the first service that it fits, or those that OPS_INCIDENTS_ONLY names: "cpu-hog in users,packet-delay in catalog".</summary>
    public static async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var folder = Path.Combine(Repository.Root, "artifacts", "live-incidents");
        Directory.CreateDirectory(folder);
        var record = Path.Combine(folder, "rounds.jsonl");
        await using var shop = await ShopFleet.StartAsync();
        await shop.RecordAsync(record);
        await shop.LearnedAsync();
        var outcomes = new List<(string Title, Outcome Live, Outcome Again)>();
        foreach (var (fault, service) in Chosen())
        {
            var before = await CalmAsync(shop, cancellation);
            var load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
            var since = Now();
            await shop.ChaosAsync("inject", fault, "--service", service, "--for", "10m");
            var live = Outcome.Of(await WatchAsync(shop, before, since, cancellation), $"shop/{service}");
            await shop.ChaosAsync("stop");
            using var reader = new StreamReader(new FileStream(record, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            var again = Outcome.Of(Replay.Run([.. RoundFile.Read(reader)], since), $"shop/{service}");
            outcomes.Add(($"{fault} in {service}", live, again));
            context.Say(string.Create(CultureInfo.InvariantCulture, $"{fault} in {service}, load {load}, injected at {since:0}: live {Words(live)}; replayed {Words(again)}"));
        }

        Report(context.Figures, outcomes);
        context.Say($"what the service read is in {record}");
    }

    private static IEnumerable<(string Fault, string Service)> Chosen() =>
        Environment.GetEnvironmentVariable("OPS_INCIDENTS_ONLY") is { } only
            ? only.Split(',').Select(title => title.Split(" in ") is [var fault, var service] ? (fault, service) : throw new BenchCannotRunException($"OPS_INCIDENTS_ONLY: \"{title}\" is no \"FAULT in SERVICE\""))
            : Faults.All.Where(fault => fault.Metric is not null).Select(fault => (fault.Name, fault.Targets[0]));

    private static async Task<HashSet<string>> CalmAsync(ShopFleet shop, CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var incidents = await shop.IncidentsAsync();
            if (incidents.All(one => (string?)one!["status"]?["phase"] == IncidentPhases.Resolved) || TimeProvider.System.GetElapsedTime(start) > Patience)
                return [.. incidents.Select(Name)];
            await Task.Delay(Look, cancellation);
        }
    }

    private static async Task<List<Naming>> WatchAsync(ShopFleet shop, HashSet<string> before, double since, CancellationToken cancellation)
    {
        var namings = new List<Naming>();
        do
        {
            await Task.Delay(Look, cancellation);
            var causes = (await shop.IncidentsAsync()).Where(one => !before.Contains(Name(one)) && (string?)one!["spec"]!["type"] == IncidentTypes.Performance)
                .Select(one => (string?)one!["status"]?["cause"]).OfType<string>();
            namings.Add(new(Now() - since, [.. causes]));
        }
        while (namings[^1].Seconds < Outcome.Limit);
        return namings;
    }

    private static void Report(Figures figures, IReadOnlyList<(string Title, Outcome Live, Outcome Again)> outcomes)
    {
        foreach (var (title, live, _) in outcomes)
        {
            var key = title.Replace(" in ", "_", StringComparison.Ordinal);
            figures.Add($"live_{key}_detected_s", live.Detected, "s", $"{title}: from the injection to an incident with a cause");
            figures.Add($"live_{key}_named_s", live.Named, "s", $"{title}: until it names the service at fault");
            figures.Add($"live_{key}_kept_s", live.Kept, "s", $"{title}: until it names that service and goes on to, looked at for a minute");
        }

        figures.Add("live_faults", outcomes.Count, "", "faults injected into a running shop");
        figures.Add("live_kept", outcomes.Average(one => double.IsFinite(one.Live.Kept) ? 1.0 : 0), "", "share that is named after a minute");
        figures.Add("live_kept_replayed", outcomes.Average(one => double.IsFinite(one.Again.Kept) ? 1.0 : 0), "", "the same when what the service read is gone through again");
    }

    private static string Words(Outcome outcome) => string.Create(
        CultureInfo.InvariantCulture, $"detected {outcome.Detected:0} s, named {outcome.Named:0} s, kept {outcome.Kept:0} s, after a minute {(outcome.AtEnd.Count == 0 ? "nobody" : string.Join(", ", outcome.AtEnd))}");

    private static string Name(JsonNode? incident) => (string)incident!["metadata"]!["name"]!;

    private static double Now() => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
}
