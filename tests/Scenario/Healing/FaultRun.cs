using Ops.Api;
using Ops.Sandbox.ShopPlan;

namespace Ops.HealingScenario;

/// <summary>How a fault came out.</summary>
/// <param name="Detected">An incident was opened.</param>
/// <param name="DetectedSeconds">From the injection until that incident was there; not a number where none was.</param>
/// <param name="Located">It names the object at fault and the true cause.</param>
/// <param name="Healed">All objects have their content from before and everything runs.</param>
/// <param name="Seconds">From the injection until everything runs again; not a number where it does not.</param>
/// <param name="Strays">Objects other than the one at fault whose content differs in the end, or that a plan named.</param>
/// <param name="Compared">Objects other than the one at fault that were compared.</param>
/// <param name="Story">What happened, for people.</param>
public sealed record FaultOutcome(bool Detected, double DetectedSeconds, bool Located, bool Healed, double Seconds, IReadOnlyList<string> Strays, int Compared, string Story)
{
    /// <summary>How many strays there are.</summary>
    public int Collateral => Strays.Count;
}

/// <summary>Injects a fault into a world that is well, and judges what follows by comparing with what was.</summary>
public static class FaultRun
{
    /// <summary>Runs a fault to its verdict; the world is well again afterwards.</summary>
    public static async Task<FaultOutcome> HealAsync(HealingWorld world, ObjectFault fault, TimeProvider time, CancellationToken cancellation)
    {
        await world.WellAsync(cancellation);
        var (before, known) = (world.Contents(), world.Incidents().Select(one => one.Metadata.Name).ToHashSet());
        var start = time.GetTimestamp();
        var said = await world.RunAsync(fault.Inject, cancellation);
        if (said.All(IsUnchanged))
            throw new InvalidOperationException($"{fault.Name} changed nothing, so there is nothing to heal: {string.Join(' ', said)}");
        // Some faults show late: without an incident everything may look well because nothing has happened yet.
        var detected = await EndsAsync(world, () => world.Incidents().Any(one => !known.Contains(one.Metadata.Name)), cancellation);
        var detectedSeconds = detected ? time.GetElapsedTime(start).TotalSeconds : double.NaN;
        var healed = detected && await EndsAsync(world, () => world.IsHealthy() && Same(before, world.Contents()), cancellation);
        var seconds = healed ? time.GetElapsedTime(start).TotalSeconds : double.NaN;
        if (healed)
            await EndsAsync(world, () => world.Remediations().All(one => RemediationPhases.IsFinal(one.Status?.Phase)), cancellation);
        await world.RunAsync(fault.After, cancellation);
        var incidents = world.Incidents().Where(one => !known.Contains(one.Metadata.Name)).ToList();
        var after = world.Contents();
        var others = before.Keys.Union(after.Keys).Where(key => key != fault.Location).ToList();
        var located = incidents.Any(one => $"{one.Metadata.Name}".StartsWith(fault.Location!.Replace('/', '-').ToLowerInvariant() + "-", StringComparison.Ordinal) && one.Status?.Reason?.StartsWith(fault.Cause + ":", StringComparison.Ordinal) == true);
        var named = world.Remediations().Where(one => incidents.Any(incident => incident.Metadata.Name == one.Spec.Incident))
            .SelectMany(one => one.Spec.Actions).Where(action => !IsAt(action.Target, fault)).Select(action => $"{action.Target.Kind}/{action.Target.Name}");
        var strays = others.Where(key => before.GetValueOrDefault(key) != after.GetValueOrDefault(key)).Concat(named).Distinct(StringComparer.Ordinal).ToList();
        var story = string.Join("; ", incidents.Select(one => $"{one.Status?.DetectedAt:HH:mm:ss} {one.Metadata.Name}: {one.Status?.Reason}")
            .Concat(world.Remediations().Where(one => incidents.Any(incident => incident.Metadata.Name == one.Spec.Incident)).Select(one => $"{one.Status?.StartedAt:HH:mm:ss} {one.Metadata.Name}: {one.Status?.Phase} {one.Status?.Reason} {string.Join(", ", one.Status?.Steps?.SelectMany(step => step.Changes ?? []).Select(change => change.Path) ?? [])}")));
        return new(incidents.Count > 0, detectedSeconds, located, healed, seconds, strays, others.Count, story);
    }

    /// <summary>Makes a change that is nobody's fault and counts what the healer wrote.</summary>
    public static async Task<int> WritesAsync(HealingWorld world, ObjectFault control, CancellationToken cancellation)
    {
        await world.WellAsync(cancellation);
        var known = world.Remediations().Count;
        await world.RunAsync(control.Inject, cancellation);
        var changed = world.Contents();
        await world.RememberedAsync(cancellation);
        return world.Remediations().Count - known + (Same(changed, world.Contents()) ? 0 : 1);
    }

    // A pod of the workload at fault is no other object, nor is one that the fault itself has crippled.
    private static bool IsAt(RemediationTarget target, ObjectFault fault) => $"{target.Kind}/{target.Name}" == fault.Location
        || (target.Kind == "Pod" && fault.Victims.Append(fault.Location!).Any(workload => workload.Split('/') is ["Deployment" or "StatefulSet", var name] && target.Name.StartsWith(name + "-", StringComparison.Ordinal)));

    // What kubectl patch and apply say of an object that was so already.
    private static bool IsUnchanged(string output) => output.TrimEnd().EndsWith("(no change)", StringComparison.Ordinal) || output.TrimEnd().EndsWith(" unchanged", StringComparison.Ordinal);

    private static bool Same(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) => one.Count == other.Count && one.All(other.Contains);

    /// <summary>Waits for a state, and says whether it came.</summary>
    public static async Task<bool> EndsAsync(HealingWorld world, Func<bool> holds, CancellationToken cancellation)
    {
        try
        {
            await world.UntilAsync("the end of the fault", holds, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
