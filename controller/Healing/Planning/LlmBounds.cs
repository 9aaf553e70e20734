using System.Globalization;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Catalogue.Actions;
using Ops.Healing.Cluster;
using Ops.Healing.Detection;
using Ops.Healing.Memory;

namespace Ops.Healing.Planning;

/// <summary>
/// What a model's plan must hold beside all that the guard asks of every plan: it stays with what is at fault, and in the model of
/// the cluster it brings each object that it changes nearer to its last good state, or scales it within bounds. So a model that is wrong, or was talked into
/// something, can be useless and not harmful.
/// </summary>
public static class LlmBounds
{
    // A wrong guess may double a workload and not more.
    private const int MostTimes = 2;

    /// <summary>Why the plan is beyond them, or null.</summary>
    /// <param name="actions">Actions that the guard has checked.</param>
    /// <param name="finding">What is wrong.</param>
    /// <param name="snapshot">The namespace.</param>
    /// <param name="memory">Its last good states.</param>
    public static string? Problem(IReadOnlyList<RemediationAction> actions, Finding finding, NamespaceSnapshot snapshot, Baseline memory)
    {
        var around = Neighbourhood.Of(finding, snapshot, memory);
        foreach (var action in actions)
        {
            var key = $"{action.Target.Kind}/{action.Target.Name}";
            if (!around.Contains(key))
                return $"{key} has nothing to do with {finding.Kind}/{finding.Name}";
            if (action.Type == nameof(ScaleWorkload) && Scaling(action, snapshot, memory) is { } wrong)
                return wrong;
        }

        foreach (var action in actions.Where(one => ActionCatalogue.Find(one.Type) is { Effect: not ActionEffect.Delete } and not ScaleWorkload))
        {
            if (Direction(action, actions, snapshot, memory) is { } away)
                return away;
        }

        return null;
    }

    // Anything else than a way back is content of the model's own making: an older image, another selector.
    private static string? Direction(RemediationAction action, IReadOnlyList<RemediationAction> actions, NamespaceSnapshot snapshot, Baseline memory)
    {
        var key = $"{action.Target.Kind}/{action.Target.Name}";
        if (Distance.Of(key, [], snapshot, memory) is not { } before)
            return $"no good state of {key} is remembered, and a model may not make one up";
        var after = Distance.Of(key, actions, snapshot, memory);
        return after < before ? null : string.Create(CultureInfo.InvariantCulture, $"{key} would differ from its last good state in {after} fields; now it does in {before}");
    }

    private static string? Scaling(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory)
    {
        var now = snapshot.Workload(action.Target.Kind, action.Target.Name)?.Replicas ?? 0;
        var good = memory.Of(action.Target.Kind, action.Target.Name)?.Replicas ?? now;
        var wanted = int.Parse(action.Parameters![ScaleWorkload.ReplicasParameter], CultureInfo.InvariantCulture);
        var (least, most) = (Math.Min(now, good), Math.Max(now, good) * MostTimes);
        return wanted < least || wanted > most ? string.Create(CultureInfo.InvariantCulture, $"a model may set {least} to {most} replicas here, not {wanted}") : null;
    }
}
