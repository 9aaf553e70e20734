using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;

namespace Ops.Dashboard.Pages;

/// <summary>What runs and who calls whom. What is looked at, searched and hidden stands in the address.</summary>
public sealed partial class Topology : LivePage
{
    private string? chosen;
    private IReadOnlyList<string> spaces = [];
    private HashSet<string> hidden = [];
    private IReadOnlyList<TopologyPart> parts = [];
    private IReadOnlyList<CallRow> neighbours = [];
    private IReadOnlyList<Incident> involved = [];
    private IReadOnlyList<Mark> marks = [];

    /// <inheritdoc/>
    protected override void Compute()
    {
        chosen = State.Get("service");
        hidden = [.. (State.Get("hide") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)];
        var calls = CallRow.All(Metrics);
        var all = TopologyMap.Of(Cluster, calls, Metrics.Newest, chosen, State.Get("q"));
        spaces = [.. all.Select(part => part.Namespace).Union(hidden)];
        parts = [.. all.Where(part => !hidden.Contains(part.Namespace))];
        marks = Marks.Of(Cluster);
        neighbours = [.. calls.Where(call => call.From == chosen || call.To == chosen).OrderByDescending(call => call.To == chosen).ThenByDescending(call => call.Rate)];
        involved = [.. Cluster.Incidents.Where(incident => chosen is not null && Names(incident).Contains(chosen)).Take(5)];
    }

    private static IEnumerable<string> Names(Incident incident) =>
        (incident.Status?.Causes ?? []).Where(cause => cause.Rank <= 3).Select(cause => IncidentGraph.Id(cause.Target))
            .Concat((incident.Status?.Symptoms ?? []).Select(symptom => IncidentGraph.Id(symptom.Target)));

    private void Toggle(string space)
    {
        var next = hidden.Contains(space) ? hidden.Where(one => one != space) : hidden.Append(space);
        State.Set(("hide", string.Join(',', next.Order(StringComparer.Ordinal)) is { Length: > 0 } text ? text : null));
    }
}
