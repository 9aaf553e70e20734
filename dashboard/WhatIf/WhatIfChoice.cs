using System.Collections.Immutable;
using System.Globalization;

namespace Ops.Dashboard.WhatIf;

/// <summary>Where the sliders stand, as it is kept in the address: load=2, size=small:1,large:0 and joule=0.0001. Pure.</summary>
/// <param name="LoadFactor">Factor of the load.</param>
/// <param name="Replicas">Replicas by pool; a pool that is not named keeps its own.</param>
/// <param name="EnergyWeight">Quality by joule; null keeps the route's.</param>
internal sealed record WhatIfChoice(double LoadFactor, ImmutableSortedDictionary<string, int> Replicas, double? EnergyWeight)
{
    // As many as a route has variants; an address says what it likes.
    private const int MostPools = 32;

    /// <summary>Factors of the load that can be chosen.</summary>
    public static ImmutableArray<double> Loads { get; } = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 8];

    /// <summary>Weights of energy that can be chosen; the first keeps the route's own.</summary>
    public static ImmutableArray<double?> Weights { get; } = [null, 0, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005];

    /// <summary>Whether anything is asked.</summary>
    public bool IsAsked => LoadFactor != 1 || Replicas.Count > 0 || EnergyWeight is not null;

    /// <summary>Reads an address; what it cannot mean is as if it were not there.</summary>
    public static WhatIfChoice Read(Func<string, string?> get)
    {
        var replicas = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (var part in (get("size") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Take(MostPools))
            if (part.Split(':') is [{ Length: > 0 } pool, var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                replicas[pool] = count;
        return new(Number(get("load")) ?? 1, replicas.ToImmutable(), Number(get("joule")));
    }

    /// <summary>The replicas as they stand in the address; null for none.</summary>
    public static string? Write(ImmutableSortedDictionary<string, int> replicas) =>
        replicas.Count == 0 ? null : string.Join(',', replicas.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}:{pair.Value}")));

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
