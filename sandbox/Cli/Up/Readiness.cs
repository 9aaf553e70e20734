using System.Text.Json.Nodes;
using Ops.Cli.Terminal;

namespace Ops.Cli.Up;

/// <summary>Waits until every component serves, with a lasting line for each that does.</summary>
internal sealed class Readiness(ClusterClient cluster, Board board, Screen screen, TimeProvider time)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    // Lines of a pod's log that usually hold the reason of its trouble.
    private const int LogLines = 8;

    /// <summary>Returns when all are ready. After <paramref name="limit"/> it explains once what is missing, and waits on.</summary>
    public async Task WaitAsync(IReadOnlyList<Component> components, DateTimeOffset since, TimeSpan limit, CancellationToken cancellation)
    {
        // Times on the wire have whole seconds.
        since = since.AddTicks(-(since.Ticks % TimeSpan.TicksPerSecond));
        var start = time.GetTimestamp();
        var waiting = components.ToList();
        var explained = false;
        while (waiting.Count > 0)
        {
            var pods = await cluster.ListAsync("/api/v1/pods", cancellation);
            var standings = new List<(Component Component, Standing Standing)>();
            foreach (var component in waiting)
                standings.Add((component, component.Judge(await cluster.GetAsync(component.Path, cancellation), pods, since)));

            foreach (var (component, standing) in standings.Where(found => found.Standing.Ready))
            {
                board.Done(component.Name, standing.Text);
                waiting.Remove(component);
            }

            if (waiting.Count == 0)
                return;
            board.Waiting(string.Join(", ", standings.Where(found => !found.Standing.Ready).Select(found => $"{found.Component.Name} {found.Standing.Short}")));
            if (!explained && time.GetElapsedTime(start) > limit)
            {
                explained = true;
                await ExplainAsync(components, waiting, pods, since, limit, cancellation);
            }

            await Task.Delay(PollInterval, time, cancellation);
        }
    }

    // What was ready and has failed since is told too, and first: the others may wait for it.
    private async Task ExplainAsync(IReadOnlyList<Component> components, List<Component> waiting, IReadOnlyList<JsonObject> pods, DateTimeOffset since, TimeSpan limit, CancellationToken cancellation)
    {
        foreach (var component in components.OrderBy(waiting.Contains))
        {
            var body = await cluster.GetAsync(component.Path, cancellation);
            var isWaiting = waiting.Contains(component);
            if (!isWaiting && component.Judge(body, pods, since).Ready)
                continue;
            screen.Error(isWaiting ? $"{component.Name} is not ready after {limit.TotalSeconds:0} s." : $"{component.Name} was ready and is not any more.");
            foreach (var complaint in Conditions.Complaints(body))
                screen.Line("  " + complaint);
            foreach (var pod in component.PodsOf(pods).Where(pod => !Conditions.IsTrue(pod, "Ready")))
                await ExplainPodAsync(pod, cancellation);
        }

        screen.Line("Still waiting; look around with kubectl, or stop with Ctrl-C.");
    }

    private async Task ExplainPodAsync(JsonObject pod, CancellationToken cancellation)
    {
        var (space, name) = ((string)pod["metadata"]!["namespace"]!, (string)pod["metadata"]!["name"]!);
        screen.Line($"  pod {space}/{name}: {(string?)pod["status"]?["phase"]}");
        foreach (var complaint in Conditions.Complaints(pod))
            screen.Line("    " + complaint);
        foreach (var status in (pod["status"]?["containerStatuses"] as JsonArray ?? []).OfType<JsonObject>())
            if (status["state"]?["waiting"] is JsonObject stuck)
                screen.Line($"    container {(string?)status["name"]}: {(string?)stuck["reason"]} {(string?)stuck["message"]}");
        foreach (var line in (await cluster.LogTailAsync(space, name, LogLines, cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            screen.Line("    | " + line);
    }
}
