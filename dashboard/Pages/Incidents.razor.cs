using System.Globalization;
using Microsoft.AspNetCore.Components;
using Ops.Api;
using Ops.Dashboard.Drawing;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Pages;

/// <summary>What went wrong and what caused it. The incident and the moment of its replay stand in the address.</summary>
public sealed partial class Incidents : LivePage
{
    // A screen of rows; a storm's older incidents are for kubectl.
    private const int MostRows = 30;

    // Charts of the first suspects and the first symptom; more would bury them.
    private const int MostCharts = 3;

    private Incident? chosen;
    private double? replay;
    private double spread;
    private IReadOnlyList<GraphBox> boxes = [];
    private IReadOnlyList<GraphEdge> edges = [];
    private IReadOnlyList<Mark> marks = [];
    private IReadOnlyList<(string Service, Curve Seconds)> charts = [];
    private IReadOnlyList<Remediation> plans = [];

    // Found in metrics; else read off the objects.
    private bool IsMeasured => chosen?.Spec.Type == IncidentTypes.Performance || chosen?.Status?.SymptomCount > 0;

    // From before the onset until now or until it was over, whatever range the other pages show.
    private DateTimeOffset ChartFrom => chosen?.Status is { Onset: { } onset } ? Format.Utc(onset).AddMinutes(-2) : State.From;

    private DateTimeOffset ChartTo => chosen?.Status is { ResolvedAt: { } over } ? Format.Utc(over).AddMinutes(1) : State.Now;

    /// <inheritdoc/>
    protected override void Compute()
    {
        var wanted = State.Get("incident");
        chosen = Cluster.Incidents.FirstOrDefault(incident => $"{incident.Metadata.NamespaceProperty}/{incident.Metadata.Name}" == wanted)
            ?? Cluster.Incidents.FirstOrDefault(IsOpen)
            ?? Cluster.Incidents.FirstOrDefault();
        replay = double.TryParse(State.Get("t"), CultureInfo.InvariantCulture, out var at) && at >= 0 ? at : null;
        if (chosen?.Status is not { } status)
        {
            (boxes, edges, charts) = ([], [], []);
            return;
        }

        var graph = IncidentGraph.Of(status, replay);
        (boxes, edges, spread) = (graph.Boxes, graph.Edges, graph.Spread);
        marks = Marks.Of(Cluster);
        plans = [.. Cluster.Remediations.Where(plan => plan.Spec.Incident == chosen.Metadata.Name && plan.Metadata.NamespaceProperty == chosen.Metadata.NamespaceProperty)];
        charts = [.. (status.Causes ?? []).Select(cause => Id(cause.Target)).Concat((status.Symptoms ?? []).Select(symptom => Id(symptom.Target)))
            .Distinct().Take(MostCharts)
            .Select(service => (service, Metrics.Read(MetricStore.Name(Figures.Duration, service), ChartFrom, ChartTo)))];
    }

    private void Move(ChangeEventArgs e) =>
        State.Set(("t", double.TryParse($"{e.Value}", CultureInfo.InvariantCulture, out var at) && at < spread ? N(at) : null));

    private string Lasted(Incident incident) =>
        incident.Status is { Onset: { } onset } status ? Format.Span((status.ResolvedAt is { } over ? Format.Utc(over) : State.Now) - Format.Utc(onset)) : Format.None;

    private static bool Counts(IncidentCause cause) => cause.Score is null or >= 0.01 || cause.Rank <= 3;

    private static bool IsOpen(Incident incident) => incident.Status?.Phase == IncidentPhases.Open;

    private static string Id(IncidentTarget target) => IncidentGraph.Id(target);

    private static string Time(DateTime? moment) => moment is { } at ? $"{Format.Clock(Format.Utc(at))} UTC" : Format.None;

    private static string N(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Percent(double? share) => $"{((share ?? 0) * 100).ToString("0.#", CultureInfo.InvariantCulture)}%";
}
