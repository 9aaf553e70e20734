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

    internal const string EnergyRule = "!has(self.energy) || self.engine.type == 'simulated'";
    internal const string EnergyMessage =
        "spec.energy is applied only by engines of type simulated today; remove spec.energy or set spec.engine.type to simulated";

    internal const string EnergyEmptyRule = "has(self.clockMHz) || has(self.powerLimitWatts)";
    internal const string EnergyEmptyMessage =
        "spec.energy sets no limit; give clockMHz or powerLimitWatts, or remove spec.energy";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="pool">A pool that passed its schema.</param>
    public static IEnumerable<string> Broken(ModelPool pool)
    {
        var name = pool.Metadata.Name ?? "";
        if (name.Length > MaxNameLength || !IsServiceName(name))
            yield return NameMessage;
        if (pool.Spec.Energy is { } energy)
        {
            if (pool.Spec.Engine.Type != EngineTypes.Simulated)
                yield return EnergyMessage;
            if (energy.ClockMHz is null && energy.PowerLimitWatts is null)
                yield return EnergyEmptyMessage;
        }
    }

    // The pattern of NameRule by hand: no regular expression is worth its start-up time here.
    private static bool IsServiceName(string name) =>
        name.Length > 0
        && char.IsAsciiLetterLower(name[0])
        && name[^1] != '-'
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');
}
