namespace Ops.Router;

/// <summary>Shows the gates what was observed, ten times a second where somebody waits, wakes who sleeps for them, and measures them.</summary>
internal sealed class AdmissionTicker(ModelFleet fleet, SleepWaker waker, AdmissionMetrics metrics, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Tick();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private void Tick()
    {
        var now = time.NowMs();
        var routes = fleet.Current.Routes;
        var observed = false;
        foreach (var route in routes)
        {
            observed |= route.ShowGate(now);
            if (route.Gate.Waiting > 0)
                waker.Want(route);
        }

        foreach (var (route, gate) in fleet.Gates.All)
        {
            if (gate.Waiting > 0)
                gate.Tick(now);
            if (observed)
                metrics.Measure(route, gate);
        }

        if (observed)
            fleet.Gates.Prune(routes.Select(r => r.Label).ToHashSet(StringComparer.Ordinal)).ForEach(metrics.Forget);
    }
}
