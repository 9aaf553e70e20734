using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;

namespace Ops.Kube;

/// <summary>The numbers of this assembly, under the meter Ops.Kube, whose name exporters put in front. Label values are few: kinds, controllers, verbs, codes.</summary>
internal static class Meters
{
    private static readonly Meter Meter = new("Ops.Kube");

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "requests", description: "Requests to the API server by verb and status code; watches count once.");

    private static readonly Counter<long> WatchEnds = Meter.CreateCounter<long>(
        "watch.ends", description: "Watches that ended, by resource and reason.");

    private static readonly Counter<long> Lists = Meter.CreateCounter<long>(
        "lists", description: "Complete lists by resource; more than one a cache means relists.");

    private static readonly Counter<long> MissedDeletions = Meter.CreateCounter<long>(
        "missed.deletions", description: "Deletions found only by the difference of a relist.");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "reconcile.duration", unit: "s", description: "Time of one reconcile by controller and result.");

    private static readonly Counter<long> Errors = Meter.CreateCounter<long>(
        "reconcile.errors", description: "Reconciles that failed, by controller.");

    private static readonly Counter<long> Writes = Meter.CreateCounter<long>(
        "writes", description: "Intents by resource and outcome; Unchanged cost no request.");

    private static readonly Counter<long> DroppedEvents = Meter.CreateCounter<long>(
        "events.dropped", description: "Kubernetes Events dropped by a bound.");

    private static readonly ConcurrentDictionary<string, WorkQueue<ObjectKey>> Queues = new();

    static Meters() => Meter.CreateObservableGauge(
        "queue.depth",
        () => Queues.Select(q => new Measurement<int>(q.Value.Count, new KeyValuePair<string, object?>("controller", q.Key))),
        description: "Keys waiting for a worker, by controller.");

    public static void Request(HttpMethod method, HttpStatusCode code) =>
        Requests.Add(1, new("verb", method.Method), new("code", (int)code));

    public static void WatchEnd(string resource, string reason) =>
        WatchEnds.Add(1, new("resource", resource), new("reason", reason));

    public static void Listed(string resource) => Lists.Add(1, new KeyValuePair<string, object?>("resource", resource));

    public static void MissedDeletion(string resource) => MissedDeletions.Add(1, new KeyValuePair<string, object?>("resource", resource));

    public static void Reconciled(string controller, string result, TimeSpan duration)
    {
        Durations.Record(duration.TotalSeconds, new("controller", controller), new("result", result));
        if (result == "error")
            Errors.Add(1, new KeyValuePair<string, object?>("controller", controller));
    }

    public static void Write(string resource, WriteOutcome outcome) =>
        Writes.Add(1, new("resource", resource), new("outcome", outcome.ToString()));

    public static void EventDropped() => DroppedEvents.Add(1);

    public static void ShowQueue(string controller, WorkQueue<ObjectKey> queue) => Queues[controller] = queue;

    public static void HideQueue(string controller) => Queues.TryRemove(controller, out _);
}
