namespace Ops.Api;

/// <summary>
/// What a schema cannot say about a ModelPool: each rule as CEL for the API server and as C# for the operator,
/// because servers before 1.25 drop CEL rules. A test holds the two against each other.
/// </summary>
public static class ModelPoolRules
{
    /// <summary>Longest name of a pool: its pods add a hash and five letters and must stay under 63.</summary>
    public const int MaxNameLength = 45;

    internal const string NameRule =
        "size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')";
    internal const string NameMessage =
        "metadata.name must start with a letter, have only a-z, 0-9 and '-' and at most 45 characters, because the pool's Service takes the same name; choose another name";

    // Fields with a schema default are always present when CEL runs, so these rules need has() for the others only.
    internal const string EnergyEmptyRule = "self.mode == 'auto' || has(self.clockMHz) || has(self.powerLimitWatts)";
    internal const string EnergyEmptyMessage =
        "spec.energy sets no limit; give clockMHz or powerLimitWatts, set mode to auto, or remove spec.energy";

    internal const string ScalingMaxRule = "self.objective == 'fixed' || has(self.max)";
    internal const string ScalingMaxMessage =
        "spec.scaling.max is required when spec.scaling.objective is latency or energy; name the most replicas that may run";

    internal const string ScalingOrderRule = "!has(self.max) || self.min <= self.max";
    internal const string ScalingOrderMessage =
        "spec.scaling.min must not be above max; lower min (default 1) or raise max";

    internal const string OwnGuestRule = "!has(self.spec.coResident) || self.spec.coResident.host != self.metadata.name";
    internal const string OwnGuestMessage =
        "spec.coResident.host is the pool itself; name the pool whose GPUs the model is to share";

    internal const string GuestEngineRule = "!has(self.coResident) || self.engine.type == 'simulated'";
    internal const string GuestEngineMessage =
        "spec.coResident needs spec.engine.type simulated: containers of a pod cannot share GPUs that a device plugin hands out; give the pool GPUs of its own, or remove the field";

    internal const string GuestFieldsRule =
        "!has(self.coResident) || ((!has(self.scaling) || self.scaling.objective == 'fixed') && !has(self.energy) && !has(self.podTemplate))";
    internal const string GuestFieldsMessage =
        "spec.scaling, spec.energy and spec.podTemplate of a pool with spec.coResident are its host's; remove them here and set them on the host";

    internal const string SleepEngineRule = "!has(self.scaling) || self.scaling.idle != 'sleep' || self.engine.type != 'llamacpp'";
    internal const string SleepEngineMessage =
        "spec.scaling.idle sleep needs spec.engine.type vllm or simulated: llama.cpp cannot move its weights to host memory; set idle to stop";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="pool">A pool that passed its schema.</param>
    public static IEnumerable<string> Broken(ModelPool pool)
    {
        var name = pool.Metadata.Name ?? "";
        if (name.Length > MaxNameLength || !IsServiceName(name))
            yield return NameMessage;
        foreach (var broken in BrokenByGuest(pool.Spec, name))
            yield return broken;
        if (pool.Spec.Energy is { ClockMHz: null, PowerLimitWatts: null, EffectiveMode: not EnergyModes.Auto })
            yield return EnergyEmptyMessage;
        if (pool.Spec.Scaling is { } scaling)
        {
            if (scaling.Sleeps && pool.Spec.Engine.Type == EngineTypes.LlamaCpp)
                yield return SleepEngineMessage;
            if (scaling.EffectiveObjective != ScalingObjectives.Fixed && scaling.Max is null)
                yield return ScalingMaxMessage;
            if (scaling.EffectiveMin > (scaling.Max ?? int.MaxValue))
                yield return ScalingOrderMessage;
        }
    }

    private static IEnumerable<string> BrokenByGuest(ModelPoolSpec spec, string name)
    {
        if (spec.CoResident is not { } guest)
            yield break;
        if (guest.Host == name)
            yield return OwnGuestMessage;
        if (spec.Engine.Type != EngineTypes.Simulated)
            yield return GuestEngineMessage;
        if (spec.EffectiveScaling.EffectiveObjective != ScalingObjectives.Fixed || spec.Energy is not null || spec.PodTemplate is not null)
            yield return GuestFieldsMessage;
    }

    // The pattern of NameRule by hand: no regular expression is worth its start-up time here.
    internal static bool IsServiceName(string name) =>
        name.Length > 0
        && char.IsAsciiLetterLower(name[0])
        && name[^1] != '-'
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');
}
