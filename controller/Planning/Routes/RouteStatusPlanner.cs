using Ops.Api;

namespace Ops.Planning.Routes;

/// <summary>What is seen of a route -> its status. Pure; the previous status is part of the input.</summary>
public static class RouteStatusPlanner
{
    /// <summary>The status to show.</summary>
    public static ModelRouteStatus Plan(RouteObservation seen)
    {
        var route = seen.Route;
        var before = route.Status;
        var (rate, availability, quality, joules) = Shown(before, seen.Numbers);
        var problem = Problem(seen);
        return new()
        {
            ObservedGeneration = route.Metadata.Generation,
            Model = route.EffectiveModel,
            RequestsPerSecond = rate,
            Availability = availability,
            MeanQuality = quality,
            JoulesPerRequest = joules,
            Variants = [.. route.Spec.Variants.Select(variant => Variant(variant, seen))],
            Policy = Policy(seen),
            Conditions = Conditions.Merge(
                before?.Conditions,
                [Ready(seen, problem), Degraded(seen, problem)],
                route.Metadata.Generation,
                seen.Now),
        };
    }

    /// <summary>Whether the numbers or the report would change what the status shows.</summary>
    /// <param name="status">The status as it stands, or null.</param>
    /// <param name="numbers">The newest numbers, or null.</param>
    /// <param name="learned">What routers make of a learned policy, or null.</param>
    public static bool WouldShowAnew(ModelRouteStatus? status, RouteNumbers? numbers, PolicyReport? learned = null) =>
        (learned is not null && (status?.Policy?.Type != learned.Type || status.Policy.Reason?.StartsWith(learned.Message, StringComparison.Ordinal) != true))
        || Shown(status, numbers) != (status?.RequestsPerSecond, status?.Availability, status?.MeanQuality, status?.JoulesPerRequest)
        || (status?.Variants ?? []).Any(row => Share(row, numbers) != row.Share);

    private static (double? Rate, double? Availability, double? Quality, double? Joules) Shown(ModelRouteStatus? before, RouteNumbers? numbers) =>
        numbers is null
            ? (before?.RequestsPerSecond, before?.Availability, before?.MeanQuality, before?.JoulesPerRequest)
            : (Steady.Number(before?.RequestsPerSecond, numbers.RequestsPerSecond),
                Steady.Share(before?.Availability, numbers.Availability),
                Steady.Share(before?.MeanQuality, numbers.MeanQuality),
                Steady.Number(before?.JoulesPerRequest, numbers.JoulesPerRequest));

    private static double? Share(VariantStatus before, RouteNumbers? numbers) =>
        numbers is null ? before.Share
        : numbers.Shares.TryGetValue(before.Pool, out var share) ? Steady.Share(before.Share, share)
        : null;

    private static VariantStatus Variant(VariantSpec variant, RouteObservation seen)
    {
        var before = seen.Route.Status?.Variants?.FirstOrDefault(row => row.Pool == variant.Pool) ?? new() { Pool = variant.Pool };
        return new()
        {
            Pool = variant.Pool,
            ReadyReplicas = ReadyReplicas(variant.Pool, seen),
            Share = Share(before, seen.Numbers),
        };
    }

    private static int ReadyReplicas(string pool, RouteObservation seen) =>
        seen.Pools.GetValueOrDefault(pool)?.Status?.ReadyReplicas ?? 0;

    // A pool that only reads prompts leaves the route without an answer, however many replicas it has.
    private static bool Answers(string pool, RouteObservation seen) =>
        ReadyReplicas(pool, seen) > 0 && seen.Pools[pool].Spec.EffectiveRole != PoolRoles.Prefill;

    private static PolicyStatus Policy(RouteObservation seen)
    {
        var spec = seen.Route.Spec;
        var type = spec.EffectivePolicy.EffectiveType;
        var ready = spec.Variants.Where(variant => Answers(variant.Pool, seen)).Select(variant => variant.Pool).ToList();
        if (type == PolicyTypes.Learned && seen.Learned is { } learned)
            return new() { Type = learned.Type, Reason = learned.Message + EnergyNotice(seen) };
        var reason = (type, ready) switch
        {
            (PolicyTypes.Learned, _) => $"no router has reported on policy {spec.EffectivePolicy.PolicyRef} yet",
            (PolicyTypes.Static, _) => $"spec.policy sends every request to {spec.EffectivePolicy.StaticPool}",
            (_, []) => "set by spec.policy; no variant is ready",
            (_, [var only]) => $"set by spec.policy; only {only} is ready, so it takes every request",
            _ => $"set by spec.policy; chooses among {ready.Count} ready variants",
        };
        return new() { Type = type == PolicyTypes.Learned ? PolicyTypes.Price : type, Reason = reason + EnergyNotice(seen) };
    }

    private static string EnergyNotice(RouteObservation seen)
    {
        var policy = seen.Route.Spec.EffectivePolicy;
        if (!policy.WeighsEnergy || policy.EffectiveEnergyWeight == 0)
            return "";
        var unknown = seen.Route.Spec.Variants.Select(variant => variant.Pool).Where(seen.WithoutProfile.Contains).ToList();
        return unknown.Count == 0 ? "" : $"; energy counts 0 for {string.Join(", ", unknown)}: no energy profile of its model on its GPUs";
    }

    // Wrong in the spec itself, so that the route cannot be served as asked.
    private static PlanProblem? Problem(RouteObservation seen)
    {
        if (ModelRouteRules.Broken(seen.Route).FirstOrDefault() is { } broken)
            return new("InvalidSpec", broken);
        return seen.Winner is { } winner
            ? new("DuplicateModel", $"route {winner.Metadata.NamespaceProperty}/{winner.Metadata.Name} is older and answers model {seen.Route.EffectiveModel}; set another spec.model or delete one of the two")
            : null;
    }

    private static ConditionFinding Ready(RouteObservation seen, PlanProblem? problem)
    {
        var spec = seen.Route.Spec;
        if (spec.Suspend)
            return new(ConditionTypes.Ready, false, "Suspended", "spec.suspend is true: requests get 503");
        if (problem is not null)
            return new(ConditionTypes.Ready, false, problem.Reason, problem.Message);

        var ready = spec.Variants.Count(variant => Answers(variant.Pool, seen));
        var policy = spec.EffectivePolicy;
        if (policy is { EffectiveType: PolicyTypes.Static, StaticPool: { } pool } && ReadyReplicas(pool, seen) == 0)
            return new(ConditionTypes.Ready, false, "StaticPoolNotReady", $"spec.policy sends every request to {pool}, which has no ready replica");
        return ready == 0
            ? new(ConditionTypes.Ready, false, "NoReadyVariant", $"none of {spec.Variants.Count} variants has a ready replica")
            : new(ConditionTypes.Ready, true, "Serving", $"{ready} of {spec.Variants.Count} variants ready");
    }

    // A pool without a status is new: its first plan is under way.
    private static bool IsStarting(ModelPool pool) =>
        pool.Status is null
        || (Conditions.IsTrue(pool.Status.Conditions, ConditionTypes.Progressing) && !Conditions.IsTrue(pool.Status.Conditions, ConditionTypes.Degraded));

    private static ConditionFinding Degraded(RouteObservation seen, PlanProblem? problem)
    {
        if (problem is not null)
            return new(ConditionTypes.Degraded, true, problem.Reason, problem.Message);

        var names = seen.Route.Spec.Variants.Select(variant => variant.Pool).ToList();
        var missing = names.Where(name => !seen.Pools.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            return new(ConditionTypes.Degraded, true, "PoolNotFound", $"no ModelPool named {string.Join(", ", missing)} in namespace {seen.Route.Metadata.NamespaceProperty}; create it or remove it from spec.variants");

        // A pool that is on its way up needs nobody; one that is stuck, stopped or suspended does.
        var notReady = names.Where(name => ReadyReplicas(name, seen) == 0).ToLookup(name => IsStarting(seen.Pools[name]));
        if (notReady[false].Any())
            return new(ConditionTypes.Degraded, true, "PoolNotReady", $"no ready replica in {string.Join(", ", notReady[false])}");
        if (seen.Route.Spec.EffectivePolicy.EffectiveType == PolicyTypes.Learned && seen.Learned is { IsTrouble: true } learned)
            return new(ConditionTypes.Degraded, true, "Policy" + learned.Standing, learned.Message);
        return notReady[true].Any()
            ? new(ConditionTypes.Degraded, false, "PoolsStarting", $"waiting for the first replica of {string.Join(", ", notReady[true])}")
            : new(ConditionTypes.Degraded, false, "AsExpected", "every variant has a ready replica");
    }
}
