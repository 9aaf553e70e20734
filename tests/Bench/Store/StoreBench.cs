using System.Diagnostics;
using Ops.Api;
using Ops.Bench.Router;
using Ops.Sandbox.Node;
using Ops.Testing;

namespace Ops.Bench.Store;

/// <summary>
/// Sharded stores of real engine processes, run by the real operator in the sandbox: what is lost, how long slots are not
/// served, and how fast slots move, beside the engine alone and its own tool, and how evenly a skewed load is spread.
/// </summary>
internal sealed class StoreBench : IBench
{
    private const int Seed = 20_251;
    private const int Plans = 31;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(4);

    // What clients of clusters wait in all for a command by default is mostly 2 to 5 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => "store";

    /// <inheritdoc/>
    public string Summary => "Sharded stores under faults, scaling and skewed load: acknowledged writes lost, time without service, slots moved, beside the engine alone";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var server = await RedisBinary.FindAsync(cancellation) ?? throw new BenchCannotRunException(RedisBinary.Missing);
        var cli = RedisBinary.FindCli() ?? throw new BenchCannotRunException("redis-cli not found; run tests/Scenario/Store/get-redis.sh again, or put it on PATH");

        string[] parts = ["planner", "faults", "scale", "skew", "lending", "upgrade", "backup", "garnet"];
        if (context.Part is { } only && !parts.Contains(only))
            throw new BenchCannotRunException($"there is no part '{only}': {string.Join(", ", parts)}");
        // A soak is of what is struck at random, engine after engine.
        bool Wants(string part) => context.Part is null ? context.Soak is null || part is "faults" or "garnet" : context.Part == part;

        if (Wants("planner"))
            Plan(context);
        var images = new Dictionary<string, ImageEntry> { [StoreEngines.DefaultImage(StoreEngines.Redis)] = NetworkCut.Image(server) };
        var garnet = Wants("garnet") ? await GarnetBinary.FindAsync(cancellation) : null;
        if (garnet is not null)
            images[StoreEngines.DefaultImage(StoreEngines.Garnet)] = NetworkCut.Image(garnet);
        else if (context.Part == "garnet")
            throw new BenchCannotRunException(GarnetBinary.Missing);
        if (NetworkCut.Missing is { } missing && !context.Quick)
            context.Say($"left out: {StoreFault.CutOff.Key}, {missing}");
        await using var world = await StoreWorld.StartAsync(images, cancellation);
        var faults = Wants("faults") ? RedisRun.RunAsync(context, world, server, cli, Seed, Pace, cancellation) : Task.CompletedTask;
        // The quick form does both at once: each mostly waits, and either compares what has the same neighbour.
        if (!context.Quick)
            await faults;
        await Task.WhenAll(faults, Wants("skew") ? SkewRun.RunAsync(context, world, cancellation) : Task.CompletedTask);
        (string Part, Func<Task> RunAsync)[] others =
        [
            ("scale", () => ScaleAsync(context, world, server, cli, cancellation)),
            ("lending", () => LendingRun.RunAsync(context, world, cancellation)),
            ("upgrade", () => UpgradeRun.RunAsync(context, world, cancellation)),
            ("backup", () => BackupRun.RunAsync(context, world, cancellation)),
        ];
        var running = new List<Task>();
        foreach (var (_, runAsync) in others.Where(other => Wants(other.Part)))
        {
            running.Add(runAsync());
            if (!context.Quick)
                await running[^1];
        }

        await Task.WhenAll(running);
        if (garnet is not null)
            await GarnetRun.RunAsync(context, world, Seed, Pace, cancellation);
    }

    private static void Plan(BenchContext context)
    {
        var (rest, moving) = PlannerCost.Measure(Plans);
        context.Figures.Add("planner_step_ms", Math.Max(rest, moving), "ms", "one plan at 16,384 slots and 100 nodes, median, the dearer of at rest and moving slots");
        context.Say($"planner: {rest:0.0} ms at rest, {moving:0.0} ms with moves");
    }

    private static async Task ScaleAsync(BenchContext context, StoreWorld world, string server, string cli, CancellationToken cancellation)
    {
        var window = context.Quick ? TimeSpan.FromSeconds(3) : TimeSpan.FromMinutes(5);
        var tool = ToolAsync(server, cli, window, cancellation);
        // One after the other, or in the quick form both at once, so that the machine is as busy for one as for the other.
        if (!context.Quick)
            await tool;
        await using var site = await world.CreateAsync("scale", StoreEngines.Redis, 3, 0, "{}", cancellation);
        await site.WholeAsync(cancellation);
        await using var ledger = Ledger.Start(site.Seeds, 2, Pace, copies: 0, Patience);
        var run = new ScaleRun(site, site.Members.ToHashSet());
        await world.ScaleAsync(site, 6, cancellation);
        var rate = await run.RateAsync(moved => moved >= 8_190, window, cancellation);
        await world.ScaleAsync(site, 3, cancellation);
        await run.RateAsync(moved => moved == 0, TimeSpan.FromMinutes(5), cancellation);
        await site.WholeAsync(cancellation);
        context.Say($"scale: {rate:0} slots a second, {ledger.Redirects} redirects, {Sum(ledger.Failures)}errors, {Sum(ledger.Retries)}tries again");

        context.Figures.Add("scale_errors", ledger.Failures.Values.Sum(), "", "writes that failed while three shards became six and three again; redirects are none");
        context.Figures.Add("scale_retries", ledger.Retries.Values.Sum(), "", "tries of theirs that failed and were followed by another with a new map");
        context.Figures.Add("scale_redirects", ledger.Redirects, "", "writes that another node took in the end");
        context.Figures.Add("scale_lost", (await ledger.FindLostAsync(cancellation)).Count, "", "of those acknowledged meanwhile, not there in the end");
        context.Figures.Add("scale_acked", ledger.Acknowledged, "", "writes acknowledged meanwhile");
        context.Figures.Add("scale_slots_per_s", rate, "1/s", "slots moved a second into three new shards, under that load");
        context.Figures.Add("tool_slots_per_s", await tool, "1/s", "the same by redis-cli --cluster rebalance, under the same load");
        context.Figures.Add("scale_rate_vs_tool", rate / await tool, "", "the one over the other");
    }

    private static string Sum(IEnumerable<KeyValuePair<string, int>> reasons) =>
        $"{reasons.Sum(one => one.Value)} {string.Concat(reasons.Select(one => $"({one.Key}: {one.Value}) "))}";

    private static async Task<double> ToolAsync(string server, string cli, TimeSpan window, CancellationToken cancellation)
    {
        await using var native = await NativeStore.StartAsync(server, cli, 3, 0, cancellation);
        await using var ledger = Ledger.Start(native.Site.Seeds, 2, Pace, copies: 0);
        var run = new ScaleRun(native.Site, native.Site.Members.ToHashSet());
        for (var shard = 3; shard < 6; shard++)
            await native.AddAsync(cancellation);
        var rate = run.RateAsync(moved => moved >= 8_100, window, cancellation);
        await Task.WhenAll(rate, native.RebalanceAsync(6, window + TimeSpan.FromSeconds(2), cancellation));
        return await rate;
    }
}
