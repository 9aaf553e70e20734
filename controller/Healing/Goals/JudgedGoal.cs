using k8s;
using Ops.Api;
using Ops.Healing.Content;

namespace Ops.Healing.Goals;

/// <summary>A goal and how it stands at one look, with what the next look needs to remember of this one.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Policy">Name of the HealingPolicy that it is of.</param>
/// <param name="Goal">The goal.</param>
public sealed record JudgedGoal(string Namespace, string Policy, HealingGoal Goal)
{
    /// <summary>What it is the same goal by, see <see cref="KeyOf"/>; fits a label.</summary>
    public string Key { get; init; } = "";

    /// <summary>Met, Violated or Unknown.</summary>
    public string State { get; init; } = GoalStates.Unknown;

    /// <summary>Since when.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Why, one sentence.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Its targets, in the goal's order.</summary>
    public IReadOnlyList<GoalTarget> Targets { get; init; } = [];

    /// <summary>Since when it is missed without a look that found it met; null where it is met.</summary>
    public DateTimeOffset? MissedSince { get; init; }

    /// <summary>When a look last found it missed; null where none did.</summary>
    public DateTimeOffset? LastMissed { get; init; }

    /// <summary>Whether it was violated and no look has found it met since: what is not known is not repaired.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Requests a second that the targets answer; null where it is not known.</summary>
    public double? Requests { get; init; }

    /// <summary>The same when the goal was last met, over about a minute.</summary>
    public double? RequestsWhenMet { get; init; }

    /// <summary>What people are shown.</summary>
    public GoalStatus? Shown { get; init; }

    /// <summary>When that was refreshed.</summary>
    public DateTimeOffset ShownAt { get; init; }

    /// <summary>Whether the last look found it missed, however short.</summary>
    public bool IsMissed => MissedSince is not null;

    /// <summary>A digest of the policy's uid and the goal's content: a goal that is changed is another one and begins anew.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="goal">One of its goals.</param>
    public static string KeyOf(HealingPolicy policy, HealingGoal goal) => CanonicalJson.Digest($"{policy.Metadata.Uid}/{KubernetesJson.Serialize(goal)}")[..16];
}

/// <summary>One target of a goal at one look.</summary>
/// <param name="Name">The workload, of the goal's kind.</param>
/// <param name="Value">Percent, seconds or pods; null where it is not known.</param>
/// <param name="Limit">What it is compared with.</param>
public sealed record GoalTarget(string Name, double? Value, double Limit)
{
    /// <summary>Whether it misses the goal.</summary>
    public bool IsMissed { get; init; }

    /// <summary>Whether it would meet the goal with fewer pods: autoscale only.</summary>
    public bool IsIdle { get; init; }

    /// <summary>The worst value since it is missed.</summary>
    public double? Worst { get; init; }

    /// <summary>The value when the goal was last met, over about a minute.</summary>
    public double? Usual { get; init; }

    /// <summary>How many times its usual value, or its limit where nothing is usual, it has now.</summary>
    public double Growth => Value / (Usual > 0 ? Usual : Limit) ?? 0;

    /// <summary>Why the value is not known, or what is wrong.</summary>
    public string Why { get; init; } = "";
}
