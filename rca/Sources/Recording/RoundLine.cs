namespace Ops.Rca.Sources.Recording;

/// <summary>
/// One line of a recording, as JSON: a series under a number that the lines after it use, or the values of one round.
/// <c>{"series":7,"name":"up","labels":{},"type":"Gauge","owner":"shop/cart"}</c>, then <c>{"at":1764146837.5,"of":[7],"values":[1]}</c>.
/// </summary>
internal sealed record RoundLine
{
    /// <summary>Number of the series; null for a round.</summary>
    public int? Series { get; init; }

    public string? Name { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public SeriesType? Type { get; init; }

    public string? Owner { get; init; }

    /// <summary>Seconds since 1970; null for a series.</summary>
    public double? At { get; init; }

    /// <summary>Numbers of series.</summary>
    public IReadOnlyList<int>? Of { get; init; }

    /// <summary>Their values, all finite.</summary>
    public IReadOnlyList<double>? Values { get; init; }
}
