using Ops.Api;

namespace Ops.Planning.Pools;

/// <summary>Which pools share a pool's pods. Pure.</summary>
/// <param name="Host">The pool in whose pods the model runs; null where they are its own.</param>
/// <param name="Guests">Pools whose models run in this pool's pods, by name.</param>
/// <param name="Problem">Why the pool cannot run beside its host.</param>
public sealed record CoResidence(ModelPool? Host, IReadOnlyList<ModelPool> Guests, PlanProblem? Problem)
{
    // vLLM's default share of the memory is shared out; what guests may not have is the host's, however little it wants.
    private const int WholePercent = 90;
    private const int MostGuestsPercent = 85;

    /// <summary>A pool that shares nothing.</summary>
    public static readonly CoResidence None = new(null, [], null);

    /// <summary>Percent of each GPU's memory that guests leave the host.</summary>
    public int HostPercent => WholePercent - Guests.Sum(guest => guest.Spec.CoResident!.MemoryPercent);

    /// <summary>Of a pool among those of its namespace.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="host">The pool that spec.coResident names, where it exists.</param>
    /// <param name="guests">Pools whose spec.coResident names the host, or this pool where it has none.</param>
    public static CoResidence Of(ModelPool pool, ModelPool? host, IEnumerable<ModelPool> guests)
    {
        if (pool.Spec.CoResident is not { } spec)
            return new(null, Accepted(pool, guests), null);
        if (host is not { Metadata.DeletionTimestamp: null })
            return new(null, [], Wrong("HostMissing", $"spec.coResident.host: ModelPool {spec.Host} does not exist; create it or name another"));
        var accepted = Accepted(host, guests);
        return accepted.Any(guest => guest.Metadata.Name == pool.Metadata.Name)
            ? new(host, [], null)
            : new(host, [], Refusal(pool, host, [.. accepted.Where(guest => Before(guest, pool))]) ?? Wrong("InvalidHost", $"ModelPool {spec.Host} cannot have guests now: see its own conditions"));
    }

    /// <summary>Engines of a guest in each pod of its host.</summary>
    public static int EnginesByPod(ModelPool guest, ModelPool host) => host.Spec.Gpu.EffectiveCount / guest.Spec.Gpu.EffectiveCount;

    // In order of their names, so that of two that do not fit together always the same one runs.
    private static List<ModelPool> Accepted(ModelPool host, IEnumerable<ModelPool> guests)
    {
        var accepted = new List<ModelPool>();
        foreach (var guest in guests.Where(guest => guest.Metadata.DeletionTimestamp is null && !ModelPoolRules.Broken(guest).Any()).OrderBy(guest => guest.Metadata.Name, StringComparer.Ordinal))
        {
            if (Refusal(guest, host, accepted) is null)
                accepted.Add(guest);
        }

        return accepted;
    }

    private static bool Before(ModelPool one, ModelPool other) => string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name) < 0;

    private static PlanProblem? Refusal(ModelPool guest, ModelPool host, List<ModelPool> others)
    {
        var name = host.Metadata.Name;
        if (host.Spec.CoResident is not null)
            return Wrong("InvalidHost", $"spec.coResident.host: ModelPool {name} is co-resident itself; name its host {host.Spec.CoResident.Host}");
        if (host.Spec.Engine.Type != EngineTypes.Simulated)
            return Wrong("InvalidHost", $"spec.coResident.host: ModelPool {name} has the engine {host.Spec.Engine.Type}; only simulated engines can share GPUs");
        if (host.Spec.EffectiveScaling.EffectiveObjective != ScalingObjectives.Fixed)
            return Wrong("InvalidHost", $"spec.coResident.host: spec.scaling.objective of ModelPool {name} must be fixed, because its replicas are sized without their guests");
        if (guest.Spec.Gpu.Product != host.Spec.Gpu.Product || host.Spec.Gpu.EffectiveCount % guest.Spec.Gpu.EffectiveCount != 0)
            return Wrong("InvalidSpec", $"spec.gpu: {guest.Spec.Gpu.EffectiveCount} {guest.Spec.Gpu.Product} do not divide the {host.Spec.Gpu.EffectiveCount} {host.Spec.Gpu.Product} of ModelPool {name}; take the same product and a count that divides its count");
        if (others.Prepend(host).FirstOrDefault(other => Overlap(guest, other, host)) is { } taken)
            return Wrong("PortConflict", $"spec.engine.port: ports {guest.Spec.Engine.EffectivePort} to {guest.Spec.Engine.EffectivePort + EnginesByPod(guest, host) - 1} meet those of ModelPool {taken.Metadata.Name} in the same pod; choose others");
        var percent = guest.Spec.CoResident!.MemoryPercent;
        var left = MostGuestsPercent - others.Sum(other => other.Spec.CoResident!.MemoryPercent);
        return percent <= left ? null : Wrong("InvalidSpec", $"spec.coResident.memoryPercent: {percent} asked for, {left} left by the other guests of ModelPool {name}; lower it or theirs");
    }

    private static bool Overlap(ModelPool one, ModelPool other, ModelPool host)
    {
        var (a, b) = (one.Spec.Engine.EffectivePort, other.Spec.Engine.EffectivePort);
        return a < b + EnginesByPod(other, host) && b < a + EnginesByPod(one, host);
    }

    private static PlanProblem Wrong(string reason, string message) => new(reason, message);
}
