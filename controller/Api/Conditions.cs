using k8s.Models;

namespace Ops.Api;

/// <summary>Types of the conditions that Ops writes.</summary>
public static class ConditionTypes
{
    /// <summary>True when the object does what its spec asks for.</summary>
    public const string Ready = "Ready";

    /// <summary>True while the world is still moving towards the spec.</summary>
    public const string Progressing = "Progressing";

    /// <summary>True when something needs a person; reason and message say what.</summary>
    public const string Degraded = "Degraded";

    /// <summary>True when the pool's GPUs run under a clock or power limit.</summary>
    public const string EnergyLimited = "EnergyLimited";

    /// <summary>True when a write that a store has acknowledged on enough replicas survives the loss of a primary now.</summary>
    public const string Durable = "Durable";

    /// <summary>True when the newest backup of a store is complete.</summary>
    public const string BackedUp = "BackedUp";

    /// <summary>True when every key of the backup that a store begins with is there.</summary>
    public const string Restored = "Restored";

    /// <summary>True when every node of a store that answers has its users as the spec has them.</summary>
    public const string UsersInForce = "UsersInForce";
}

/// <summary>What a planner found out about one condition; <see cref="Conditions.Merge"/> adds the time.</summary>
/// <param name="Type">One of <see cref="ConditionTypes"/>.</param>
/// <param name="IsTrue">The condition's status.</param>
/// <param name="Reason">One CamelCase word.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record ConditionFinding(string Type, bool IsTrue, string Reason, string Message);

/// <summary>Reading and writing of standard conditions.</summary>
public static class Conditions
{
    /// <summary>Status text of a condition that holds.</summary>
    public const string True = "True";

    /// <summary>Status text of a condition that does not hold.</summary>
    public const string False = "False";

    // The limit of metav1.Condition's message.
    private const int MaxMessageLength = 32_768;

    /// <summary>The condition of a type, or null.</summary>
    public static V1Condition? Find(IEnumerable<V1Condition>? conditions, string type) =>
        conditions?.FirstOrDefault(condition => condition.Type == type);

    /// <summary>Whether the condition of a type is True.</summary>
    public static bool IsTrue(IEnumerable<V1Condition>? conditions, string type) =>
        Find(conditions, type)?.Status == True;

    /// <summary>
    /// Lays findings over the previous conditions. The result has the findings' order and nothing else;
    /// lastTransitionTime moves only where the status changes.
    /// </summary>
    /// <param name="previous">The conditions read from the object, or null.</param>
    /// <param name="findings">What holds now, one entry a type.</param>
    /// <param name="observedGeneration">The generation that the findings were made from.</param>
    /// <param name="now">Used for changed conditions, cut to whole seconds as the API's own times are.</param>
    public static IReadOnlyList<V1Condition> Merge(
        IEnumerable<V1Condition>? previous,
        IEnumerable<ConditionFinding> findings,
        long? observedGeneration,
        DateTimeOffset now)
    {
        var before = previous?.ToList() ?? [];
        var second = new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        return [.. findings.Select(finding =>
        {
            var status = finding.IsTrue ? True : False;
            var old = Find(before, finding.Type);
            return new V1Condition
            {
                Type = finding.Type,
                Status = status,
                Reason = finding.Reason,
                Message = finding.Message.Length <= MaxMessageLength ? finding.Message : finding.Message[..MaxMessageLength],
                LastTransitionTime = old?.Status == status ? old.LastTransitionTime : second,
                ObservedGeneration = observedGeneration,
            };
        })];
    }
}
