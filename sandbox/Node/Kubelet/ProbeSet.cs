using k8s.Models;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>The probes of one run of a container: the startup probe first, then readiness and liveness side by side.</summary>
internal sealed class ProbeSet : IAsyncDisposable
{
    private readonly V1Container container;
    private readonly DateTimeOffset startedAt;
    private readonly Func<V1Probe, CancellationToken, Task<ProbeResult>> attempt;
    private readonly Action<string, string> unhealthy;
    private readonly Action changed;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource stopping = new();
    private readonly Task loops;
    private volatile bool started;
    private volatile bool ready;
    private volatile string? failed;

    /// <param name="container">Whose probes.</param>
    /// <param name="startedAt">Start of the run; initial delays count from it.</param>
    /// <param name="attempt">One try.</param>
    /// <param name="unhealthy">Told every failed try: kind ("Readiness", ...) and message.</param>
    /// <param name="changed">Told when <see cref="IsStarted"/>, <see cref="IsReady"/> or <see cref="Failed"/> changed.</param>
    /// <param name="clock">For periods.</param>
    public ProbeSet(
        V1Container container, DateTimeOffset startedAt, Func<V1Probe, CancellationToken, Task<ProbeResult>> attempt,
        Action<string, string> unhealthy, Action changed, TimeProvider clock)
    {
        this.container = container;
        this.startedAt = startedAt;
        this.attempt = attempt;
        this.unhealthy = unhealthy;
        this.changed = changed;
        this.clock = clock;
        started = container.StartupProbe is null;
        ready = started && container.ReadinessProbe is null;
        loops = RunAsync();
    }

    public bool IsStarted => started;

    public bool IsReady => ready;

    /// <summary>"liveness" or "startup" once that probe has given the container up.</summary>
    public string? Failed => failed;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loops;
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            if (container.StartupProbe is { } startup && !await PassAsync("Startup", startup))
                return;
            if (!started)
            {
                started = true;
                ready = container.ReadinessProbe is null;
                changed();
            }
            await Task.WhenAll(WatchReadinessAsync(), WatchLivenessAsync());
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    /// <summary>True after enough successes in a row, false after enough failures.</summary>
    private async Task<bool> PassAsync(string kind, V1Probe probe)
    {
        await foreach (var healthy in ResultsAsync(kind, probe))
        {
            if (healthy)
                return true;
            Give(up: kind);
            return false;
        }
        return false;
    }

    private async Task WatchReadinessAsync()
    {
        if (container.ReadinessProbe is not { } probe)
            return;
        await foreach (var healthy in ResultsAsync("Readiness", probe))
        {
            if (ready == healthy)
                continue;
            ready = healthy;
            changed();
        }
    }

    private async Task WatchLivenessAsync()
    {
        if (container.LivenessProbe is not { } probe)
            return;
        await foreach (var healthy in ResultsAsync("Liveness", probe))
        {
            if (healthy)
                continue;
            Give(up: "Liveness");
            return;
        }
    }

    private void Give(string up)
    {
        failed = up.ToLowerInvariant();
        changed();
    }

    /// <summary>The probe's standing after each try that reached a threshold.</summary>
    private async IAsyncEnumerable<bool> ResultsAsync(string kind, V1Probe probe)
    {
        var period = TimeSpan.FromSeconds(probe.PeriodSeconds is > 0 and var seconds ? seconds : 10);
        var first = startedAt.AddSeconds(probe.InitialDelaySeconds ?? 0) - clock.GetUtcNow();
        if (first > TimeSpan.Zero)
            await Task.Delay(first, clock, stopping.Token);
        var last = false;
        var run = 0;
        while (true)
        {
            var result = await attempt(probe, stopping.Token);
            stopping.Token.ThrowIfCancellationRequested();
            if (!result.Success)
                unhealthy(kind, result.Message);
            run = result.Success == last ? run + 1 : 1;
            last = result.Success;
            var threshold = result.Success ? probe.SuccessThreshold ?? 1 : probe.FailureThreshold ?? 3;
            if (run >= threshold)
                yield return result.Success;
            await Task.Delay(period, clock, stopping.Token);
        }
    }
}
