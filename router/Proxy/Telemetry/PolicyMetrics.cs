using System.Globalization;
using Ops.Picking;
using Prometheus;

namespace Ops.Router;

/// <summary>What this router makes of learned policies. The operator shows it in the route's status.</summary>
internal sealed class PolicyMetrics(MetricFactory factory)
{
    // Pool names of a route can be long; a status has room for 1,024 characters.
    private const int MostMessageChars = 500;

    private readonly Gauge _info = factory.CreateGauge("ops_router_policy_info", "1 for what decides on a route that asks for a learned policy, and why.", "route", "policy", "standing", "message");
    private readonly Gauge _gain = factory.CreateGauge("ops_router_policy_gain", "Mean quality delivered by request (0..1), the learned policy's periods less the price rule's, over the last half hour.", "route");
    private readonly Counter _choices = factory.CreateCounter("ops_router_policy_choices_total", "Choices of a learned policy by verdict: agreed and overruled with the price rule; outside its training, and without fresh metrics, where the rule decides.", "route", "verdict");
    private Dictionary<string, string[]> _shown = [];

    /// <summary>Takes over what is so now; called before metrics are read.</summary>
    internal void Refresh(LiveTable table)
    {
        var now = table.Routes.Where(route => route.Config.Learned is not null).ToDictionary(route => route.Label, Describe, StringComparer.Ordinal);
        foreach (var (route, labels) in _shown)
        {
            if (!now.TryGetValue(route, out var kept) || !kept.AsSpan().SequenceEqual(labels))
                _info.RemoveLabelled(labels);
            if (!now.ContainsKey(route))
                Forget(route);
        }

        foreach (var labels in now.Values)
            _info.WithLabels(labels).Set(1);
        foreach (var route in table.Routes)
        {
            if (route.Config.Policy is GuardedPolicy policy)
                Count(route.Label, policy.Trial);
        }

        _shown = now;
    }

    private void Count(string route, PolicyTrial trial)
    {
        if (trial.Gain is { } gain)
            _gain.WithLabels(route).Set(gain);
        foreach (var verdict in Enum.GetValues<LearnedVerdict>())
            _choices.WithLabels(route, Name(verdict)).IncTo(trial.Choices(verdict));
    }

    private void Forget(string route)
    {
        _gain.RemoveLabelled(route);
        foreach (var verdict in Enum.GetValues<LearnedVerdict>())
            _choices.RemoveLabelled(route, Name(verdict));
    }

    private static string[] Describe(LiveRoute route)
    {
        var learned = route.Config.Learned!;
        if (route.Config.Policy is not GuardedPolicy policy)
            return Labels(route, "price", "Unusable", $"the price rule decides: {learned.Problem}");
        return policy.Trial.Standing switch
        {
            PolicyStanding.InForce => Labels(route, "learned", "InForce", (double.IsPositiveInfinity(learned.Model!.Margin)
                ? $"policy {learned.Ref} decides as the price rule does: its training found no margin that gains"
                : $"policy {learned.Ref} decides; the price rule does for a quarter of each minute, to compare") + Exploring(learned)),
            PolicyStanding.Shadow => Labels(route, "price", "Shadow", $"the price rule decides while policy {learned.Ref} is watched, until it was asked about {PolicyTrial.ShadowRequests} requests"),
            PolicyStanding.OutsideTraining => Labels(route, "price", "OutsideTraining", $"the price rule decides: most requests are unlike those that policy {learned.Ref} was trained on; train it again"),
            PolicyStanding.NoFreshMetrics => Labels(route, "price", "NoFreshMetrics", "the price rule decides: the metrics of most replicas are older than 5 s"),
            _ => Labels(route, "price", "RolledBack", $"the price rule decides: policy {learned.Ref} delivered less quality by request than the rule; train it again"),
        };
    }

    private static string Exploring(LearnedConfig learned) =>
        learned.Exploration > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {100 * learned.Exploration:0.##} % of the requests explore") : "";

    private static string[] Labels(LiveRoute route, string policy, string standing, string message) =>
        [route.Label, policy, standing, message.Length <= MostMessageChars ? message : message[..MostMessageChars]];

    private static string Name(LearnedVerdict verdict) => verdict switch
    {
        LearnedVerdict.Agreed => "agreed",
        LearnedVerdict.Overruled => "overruled",
        LearnedVerdict.OutsideTraining => "outside",
        _ => "stale",
    };
}
