using Ops.Testing;

namespace Ops.Bench.Controller;

/// <summary>
/// What the operator costs on a real kube-apiserver, controller-manager and scheduler: time to converge, memory,
/// requests, silence when idle, and how the cost grows with the number of pools and routes.
/// </summary>
internal sealed class ControllerBench : IBench
{
    /// <inheritdoc/>
    public string Name => "controller";

    /// <inheritdoc/>
    public string Summary => "The operator with 100, 300 and 1,000 pools and routes on a real kube-apiserver";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        if ((KubeBinaries.WhyMissing() ?? Kubectl.WhyMissing()) is { } why)
            throw new BenchCannotRunException(why);

        int[] sizes = context.Quick ? [10, 30, 60] : [100, 300, 1000];
        var costs = new List<(int Size, double CpuSeconds)>();
        foreach (var size in sizes)
        {
            context.Say($"{size} pools and {size} routes");
            await using var fleet = await FleetUnderTest.StartAsync(size, context.Say, cancellation);
            var converged = await fleet.ConvergeAsync(cancellation);
            costs.Add((size, converged.Usage.CpuSeconds));
            context.Figures.Add($"operator_cpu_s_{size}", converged.Usage.CpuSeconds, "s", $"operator CPU to converge {size} pools and {size} routes");
            context.Figures.Add($"converge_s_{size}", converged.Seconds, "s", $"first create to every status Ready, {size} pools and {size} routes");
            if (size == sizes[^1])
                await MeasureLargestAsync(context, fleet, size, converged, cancellation);
        }

        context.Figures.Add("cost_exponent", Exponent(costs), "", "slope of log CPU over log size: 1 is linear");
    }

    private static async Task MeasureLargestAsync(BenchContext context, FleetUnderTest fleet, int size, Convergence converged, CancellationToken cancellation)
    {
        var figures = context.Figures;
        figures.Add("pools", size, "", "ModelPools, one replica each");
        figures.Add("routes", size, "", "ModelRoutes, two variants each");
        figures.Add("converge_s", converged.Seconds, "s", "first create to every status Ready");
        figures.Add("reconcile_p50_ms", converged.ReconcileP50Ms, "ms", "median reconcile, from the operator's own histogram");
        figures.Add("reconcile_p99_ms", converged.ReconcileP99Ms, "ms", "99th percentile, upper bound of its bucket");
        foreach (var (verb, count) in fleet.OperatorRequestsByVerb())
            figures.Add($"requests_{verb}", count, "", $"{verb} requests of the operator to converge");

        // Two scrape intervals: until then the first measured numbers still find their way into the statuses.
        await Task.Delay(TimeSpan.FromSeconds(context.Quick ? 16 : 31), cancellation);
        var idle = context.Quick ? TimeSpan.FromSeconds(10) : TimeSpan.FromMinutes(5);
        context.Say($"idle for {idle.TotalSeconds:0} s");
        var before = fleet.OperatorWrites();
        await Task.Delay(idle, cancellation);
        figures.Add("idle_writes", fleet.OperatorWrites() - before, "", $"writes in {idle.TotalSeconds:0} idle seconds, lease renewals left out");

        context.Say("restarting the operator");
        before = fleet.OperatorWrites();
        var caughtUp = await fleet.RestartOperatorAsync(cancellation);
        figures.Add("restart_caught_up_s", caughtUp, "s", "from exec to every object reconciled once");
        figures.Add("restart_writes", fleet.OperatorWrites() - before, "", "writes after the restart, lease left out");
        figures.Add("operator_rss_mb", Math.Max(converged.Usage.PeakResidentMb, fleet.OperatorUsage().PeakResidentMb), "MiB", "peak resident memory of the operator");
        figures.Add("forbidden", fleet.ForbiddenRequests(), "", "403 answers to the operator's service account");
    }

    /// <summary>Least-squares slope in log-log space.</summary>
    private static double Exponent(List<(int Size, double CpuSeconds)> costs)
    {
        var points = costs.Select(c => (X: Math.Log(c.Size), Y: Math.Log(c.CpuSeconds))).ToList();
        var (mx, my) = (points.Average(p => p.X), points.Average(p => p.Y));
        return points.Sum(p => (p.X - mx) * (p.Y - my)) / points.Sum(p => (p.X - mx) * (p.X - mx));
    }
}
