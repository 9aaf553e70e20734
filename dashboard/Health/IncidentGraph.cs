using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Layout;

namespace Ops.Dashboard.Health;

/// <summary>An incident's subgraph as boxes and arrows, as far as it had spread at a moment. Pure.</summary>
/// <param name="Boxes">Services.</param>
/// <param name="Edges">Influences.</param>
/// <param name="Spread">Seconds from the onset until the last service moved.</param>
internal sealed record IncidentGraph(IReadOnlyList<GraphBox> Boxes, IReadOnlyList<GraphEdge> Edges, double Spread)
{
    /// <summary>Reads a status.</summary>
    /// <param name="status">The incident's.</param>
    /// <param name="at">Seconds after the onset: what had not moved by then is faint. Null shows all.</param>
    public static IncidentGraph Of(IncidentStatus status, double? at)
    {
        var causes = (status.Causes ?? []).GroupBy(cause => Id(cause.Target)).ToDictionary(group => group.Key, group => group.First());
        var moved = Moved(status, causes);
        string[] ids = [.. causes.Keys.Concat((status.Edges ?? []).SelectMany(edge => (string[])[Id(edge.From), Id(edge.To)]))
            .Where(id => (status.Edges ?? []).Any(edge => Id(edge.From) == id || Id(edge.To) == id) || (causes.TryGetValue(id, out var cause) && cause.Rank <= 3)).Distinct()];
        bool Has(string id) => at is null || (moved.TryGetValue(id, out var seconds) && seconds <= at);
        return new(
            [.. ids.Select(id => Box(id, causes.GetValueOrDefault(id), moved.TryGetValue(id, out var seconds) ? seconds : null, Has(id)))],
            [.. (status.Edges ?? []).Select(edge => new GraphEdge(
                Id(edge.From), Id(edge.To),
                edge.LagSeconds is > 0 and { } lag ? $"+{Format.Seconds(lag)}" : "",
                $"{edge.Kind} {(Has(Id(edge.From)) && Has(Id(edge.To)) ? "" : "faint")}"))],
            moved.Values.DefaultIfEmpty(0).Max());
    }

    /// <summary>namespace/name, or the name alone.</summary>
    public static string Id(IncidentTarget target) => target.Namespace is { Length: > 0 } space ? $"{space}/{target.Name}" : target.Name;

    // When each service moved, in seconds after the onset: by its rank's lag, else by its first symptom.
    private static Dictionary<string, double> Moved(IncidentStatus status, Dictionary<string, IncidentCause> causes)
    {
        var moved = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var symptom in status.Symptoms ?? [])
            if (symptom.Since is { } since && status.Onset is { } onset && !moved.ContainsKey(Id(symptom.Target)))
                moved[Id(symptom.Target)] = Math.Max(0, (since - onset).TotalSeconds);
        foreach (var (id, cause) in causes)
            if (cause.LagSeconds is { } lag)
                moved[id] = Math.Max(0, lag);
        return moved;
    }

    private static GraphBox Box(string id, IncidentCause? cause, double? moved, bool isLit)
    {
        var rank = cause?.Rank;
        var urgency = rank <= 1 ? Urgency.Critical : rank <= 3 ? Urgency.Warning : moved is null ? Urgency.Fine : Urgency.Note;
        var place = rank is null ? "" : $"#{Format.Rank(rank)} · {Format.Percent(cause!.Score)}";
        var when = moved switch { null => rank is null ? "did not move" : "", 0 => "first", { } seconds => $"+{Format.Seconds(seconds)}" };
        var detail = string.Join(" · ", ((string[])[place, when]).Where(part => part.Length > 0));
        var hint = string.Join("\n", (string[])[id, .. cause?.Reasons ?? []]);
        return new(id, id.Split('/')[^1], detail, urgency, SiteMap.Service(id), hint, isLit ? "" : "faint");
    }
}
