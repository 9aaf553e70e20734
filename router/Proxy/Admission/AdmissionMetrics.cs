using Ops.Picking;
using Prometheus;

namespace Ops.Router;

/// <summary>What the gates do, by route.</summary>
internal sealed class AdmissionMetrics
{
    private readonly Gauge _queued;
    private readonly Gauge _saturation;
    private readonly Counter _refused;
    private readonly Histogram _wait;

    internal AdmissionMetrics(CollectorRegistry registry)
    {
        var factory = Metrics.WithCustomRegistry(registry);
        _queued = factory.CreateGauge("ops_router_queued", "Requests that wait for room at the route's replicas.", "route");
        _saturation = factory.CreateGauge("ops_router_saturation", "Requests at replicas and waiting by the room that the replicas have; above 1 requests wait.", "route");
        _refused = factory.CreateCounter("ops_router_admission_refused_total", "Requests that were not let in, by reason: queue_full, deadline_unreachable (on arrival), deadline_passed (while waiting), displaced, shed.", "route", "reason");
        _wait = factory.CreateHistogram("ops_router_queue_seconds", "Time that requests waited for room before they were let in; requests that found room at once are not in it.", ["route"], new HistogramConfiguration { Buckets = [.005, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80] });
    }

    internal void Refused(string route, string reason) => _refused.WithLabels(route, reason).Inc();

    internal void Waited(string route, double seconds) => _wait.WithLabels(route).Observe(seconds);

    internal void Measure(string route, RouteGate gate)
    {
        _queued.WithLabels(route).Set(gate.Waiting);
        _saturation.WithLabels(route).Set(gate.Saturation);
    }

    internal void Forget(string route)
    {
        _queued.RemoveLabelled(route);
        _saturation.RemoveLabelled(route);
        _wait.RemoveLabelled(route);
        foreach (var reason in AdmissionErrors.Reasons)
            _refused.RemoveLabelled(route, reason);
    }
}
