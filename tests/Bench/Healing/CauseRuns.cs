using System.Text.Json.Nodes;
using Ops.Api;
using Ops.HealingScenario;
using Ops.IncidentScenario;
using Ops.Sandbox.ShopPlan;

namespace Ops.Bench.Healing;

/// <summary>
/// Faults inside a process, of which no object tells: the whole circle from ./ops up with the shop and its users. The
/// root-cause service reads the pods' metrics and opens an incident, the healer repairs the workload that it names, and that
/// service says when it is over. Whether the fault is gone is asked of the processes.
/// </summary>
internal static class CauseRuns
{
    /// <summary>Name of this part of the bench.</summary>
    public const string Part = "causes";

    // An incident takes a few scrapes of 5 s, its end two minutes of calm; the rest is for a busy machine.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    private static readonly (string Fault, string Service, string Cause)[] Faults =
    [
        ("cpu-hog", "catalog", "ProcessorSaturated"), ("cpu-hog", "users", "ProcessorSaturated"),
        ("slow-dependency", "catalog", "ServiceDegraded"), ("slow-dependency", "users", "ServiceDegraded"),
    ];

    /// <summary>Runs them and adds their figures.</summary>
    public static async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        // Names with commas between them run alone, to look into one fault.
        var only = Environment.GetEnvironmentVariable("OPS_HEALING_ONLY")?.Split(',');
        var faults = Faults.Select(one => (one.Fault, one.Service, one.Cause, Title: $"{one.Fault} in {one.Service}")).Where(one => only?.Contains(one.Title) != false).ToList();
        if (faults.Count == 0)
            return;
        await using var shop = await ShopFleet.StartAsync();
        await shop.HealAsync();
        await shop.LearnedAsync();
        var runs = new List<(ObjectFault Fault, FaultOutcome Outcome)>();
        foreach (var (name, service, cause, title) in faults)
        {
            var outcome = await HealAsync(shop, name, service, cancellation);
            runs.Add((new(title, $"Deployment/{service}", cause), outcome));
            context.Say($"{title}: {(outcome.Healed ? $"healed in {outcome.Seconds:0} s" : "NOT HEALED")}{(outcome.Located ? "" : outcome.Detected ? ", cause not named" : ", not detected")}{(outcome.Collateral > 0 ? $", ALSO CHANGED {string.Join(", ", outcome.Strays)}" : "")}; {outcome.Story}");
        }

        HealingTable.Print("faults inside processes, through the root-cause service", runs);
        Report(context.Figures, [.. runs.Select(run => run.Outcome)]);
    }

    private static async Task<FaultOutcome> HealAsync(ShopFleet shop, string fault, string service, CancellationToken cancellation)
    {
        await EndsAsync(async () => (await shop.IncidentsAsync()).All(one => (string?)one!["status"]?["phase"] == IncidentPhases.Resolved), cancellation);
        var known = (await shop.IncidentsAsync()).Concat(await RemediationsAsync(shop)).Select(Name).ToHashSet();
        var before = await GenerationsAsync(shop);
        var start = TimeProvider.System.GetTimestamp();
        await shop.ChaosAsync("inject", fault, "--service", service, "--for", "30m");
        var detected = await EndsAsync(async () => (await NewAsync(shop, known)).Count > 0, cancellation);
        var detectedSeconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        var located = detected && await EndsAsync(async () => (await NewAsync(shop, known)).Any(one => IsAbout(one, service)), cancellation);
        var over = located && await EndsAsync(
            async () => (await RemediationsAsync(shop)).Any(one => !known.Contains(Name(one)) && Repairs(one, service) && (string?)one!["status"]?["phase"] == RemediationPhases.Succeeded)
                && (await NewAsync(shop, known)).Where(one => IsAbout(one, service)).All(one => (string?)one["status"]?["phase"] == IncidentPhases.Resolved),
            cancellation);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        // Ends what is left of it, for the next one; after a repair nothing is.
        var healed = (await shop.ChaosAsync("stop")).Contains("0 faults ended", StringComparison.Ordinal) && over;
        var plans = (await RemediationsAsync(shop)).Where(one => !known.Contains(Name(one))).ToList();
        var after = await GenerationsAsync(shop);
        var strays = before.Where(pair => pair.Key != service && after.GetValueOrDefault(pair.Key) != pair.Value).Select(pair => $"Deployment/{pair.Key}").ToList();
        var story = string.Join("; ", (await NewAsync(shop, known)).Select(one => $"{Name(one)}: {(string?)one["status"]?["reason"]}").Concat(plans.Select(one => $"{Name(one)}: {(string?)one!["status"]?["phase"]} {(string?)one["status"]?["reason"]}")));
        return new(detected, detected ? detectedSeconds : double.NaN, located, healed, healed ? seconds : double.NaN, strays, before.Count - 1, story);
    }

    private static void Report(Figures figures, IReadOnlyList<FaultOutcome> outcomes)
    {
        figures.Add("rca_scenarios", outcomes.Count, "", "faults inside processes of the shop, found by the root-cause service from the pods' metrics");
        figures.Add("rca_detected", outcomes.Average(one => one.Detected ? 1.0 : 0), "", "share for which that service opened an incident");
        figures.Add("rca_located", outcomes.Average(one => one.Located ? 1.0 : 0), "", "share whose incident names the service with the fault first");
        figures.Add("rca_healed", outcomes.Average(one => one.Healed ? 1.0 : 0), "", "share after which no process has the fault and that service calls it over");
        figures.Add("rca_collateral_writes", outcomes.Sum(one => one.Collateral), "", "other Deployments that were changed meanwhile");
        if (outcomes.Where(one => one.Detected).Select(one => one.DetectedSeconds).Order().ToArray() is { Length: > 0 } found)
            figures.Add("rca_mttd_median_s", found[found.Length / 2], "s", "from the injection until there is an incident, median of the detected");
        if (outcomes.Where(one => one.Healed).Select(one => one.Seconds).Order().ToArray() is { Length: > 0 } times)
            figures.Add("rca_mttr_median_s", times[times.Length / 2], "s", "from the injection until the incident is over and the plan verified, median of the healed");
    }

    private static Task<JsonArray> RemediationsAsync(ShopFleet shop) => shop.ListAsync("ops.autonomic.dev/v1alpha1/remediations");

    private static async Task<Dictionary<string, long>> GenerationsAsync(ShopFleet shop) =>
        (await shop.ListAsync("apps/v1/deployments")).ToDictionary(Name, one => (long)one!["metadata"]!["generation"]!);

    // Those of the root-cause service; the healer opens its own for what it finds.
    private static async Task<List<JsonNode>> NewAsync(ShopFleet shop, HashSet<string> known) =>
        [.. (await shop.IncidentsAsync()).Select(one => one!).Where(one => !known.Contains(Name(one)) && (string?)one["spec"]!["type"] == IncidentTypes.Performance && one["status"] is not null)];

    private static bool IsAbout(JsonNode incident, string service) => (string?)incident["status"]?["cause"] == $"shop/{service}";

    private static bool Repairs(JsonNode? remediation, string service) => remediation!["spec"]!["actions"]!.AsArray().Any(action => (string?)action!["target"]!["name"] == service);

    private static string Name(JsonNode? obj) => (string)obj!["metadata"]!["name"]!;

    private static async Task<bool> EndsAsync(Func<Task<bool>> holds, CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
                return false;
            await Task.Delay(500, cancellation);
        }

        return true;
    }
}
