using System.Diagnostics;
using Ops.Bench.Router;

namespace Ops.Bench.Store;

/// <summary>What a run of faults has shown so far, as figures whose keys begin with the engine's name.</summary>
internal static class FaultReport
{
    /// <summary>Writes that were acknowledged and lost.</summary>
    /// <param name="figures">Where they go.</param>
    /// <param name="key">Of those acknowledged; with _lost of those lost.</param>
    /// <param name="who">Who called them written.</param>
    /// <param name="ledger">The writes.</param>
    internal static void Writes(Figures figures, string key, string who, Ledger ledger)
    {
        figures.Add($"{key}_lost", ledger.Lost.Count, "", $"writes that {who} and that were not there when they were looked for, after each round and in the end");
        figures.Add($"{key}_late", ledger.Late.Count, "", "writes that were not there at the first look and were a second later");
        figures.Add(key, ledger.Acknowledged, "", "writes so acknowledged, each looked for");
    }

    /// <summary>Says of each write that was lost or late what had struck when it was made.</summary>
    internal static void SayLost(BenchContext context, string who, Ledger ledger, FaultRun faults)
    {
        foreach (var (what, name, at) in ledger.Lost.Select(one => ("lost", one.Key, one.At)).Concat(ledger.Late.Select(one => ("late", one.Key, one.At))))
        {
            context.Say($"{what}: {name}, which {who}, {(faults.Outages.LastOrDefault(one => one.At <= at) is { } last ? $"{Stopwatch.GetElapsedTime(last.At, at).TotalSeconds:0.00} s after the beginning of: {last.Fault.Key}" : "before the first fault")}");
        }
    }

    /// <summary>Times without service.</summary>
    internal static async Task OutagesAsync(Figures figures, string engine, StoreSite site, FaultRun run, CancellationToken cancellation)
    {
        var silent = Seconds(run, StoreFault.Stopped);
        foreach (var (name, quantile) in (ReadOnlySpan<(string, double)>)[("p50", 0.5), ("p95", 0.95), ("p99", 0.99)])
            figures.Add($"{engine}_rto_{name}_s", LoadResult.Quantile(silent, quantile), "s", "a primary falls silent: time without a served write to its slots");
        foreach (var kind in run.Outages.Select(one => one.Fault).Distinct().Where(kind => kind != StoreFault.Stopped))
        {
            var outages = Seconds(run, kind);
            figures.Add($"{engine}_{kind.Key}", outages.Length, "", $"faults of this kind: {kind.Key}");
            figures.Add($"{engine}_{kind.Key}_p50_s", LoadResult.Quantile(outages, 0.5), "s", $"time without a served write after: {kind.Key}");
            figures.Add($"{engine}_{kind.Key}_max_s", outages[^1], "s", "the longest of them");
        }

        figures.Add($"{engine}_outages", run.Outages.Count, "", "faults of all kinds");
        figures.Add($"{engine}_hung", run.Outages.Sum(one => one.Hung), "", "members that hung, which nobody had stopped, and that the operator started anew");
        figures.Add($"{engine}_hung_max_s", run.Outages.Where(one => one.Hung > 0).Select(one => one.Duration.TotalSeconds).DefaultIfEmpty().Max(), "s", "the longest time without a served write to the struck slot while one of them hung; 0 for none");
        figures.Add($"{engine}_bystander_max_s", run.Bystander.TotalSeconds, "s", "longest wait of a slot whose shard was not struck");
        figures.Add($"{engine}_uncovered_slots", StoreSite.Uncovered(await site.ObserveAsync(cancellation)), "", "slots without an answering primary in the end");
    }

    /// <summary>Faults that left a copy to take over, and after which a slot was not served for longer than that.</summary>
    internal static int Beyond(FaultRun run, double seconds) => run.Outages.Count(one => one.Fault.CopyLeft && one.Duration.TotalSeconds > seconds);

    /// <summary>Says what a fault cost.</summary>
    internal static void Say(BenchContext context, string engine, Outage outage, Ledger ledger) =>
        context.Say($"{engine}, {outage.Fault.Key}: {outage.Duration.TotalSeconds:0.00} s without service{(outage.Why.Length > 0 ? $" ({outage.Why})" : "")}{(outage.Hung > 0 ? $", {outage.Hung} members hung meanwhile and started anew" : "")}; {ledger.Acknowledged} writes acknowledged so far");

    /// <summary>Times without service after one kind of fault, the shortest first.</summary>
    internal static double[] Seconds(FaultRun run, StoreFault kind) => [.. run.Outages.Where(one => one.Fault == kind).Select(one => one.Duration.TotalSeconds).Order()];
}
