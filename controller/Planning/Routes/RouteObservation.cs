using Ops.Api;

namespace Ops.Planning.Routes;

/// <summary>Everything that a route's status is made from.</summary>
public sealed record RouteObservation
{
    /// <summary>The route with its present status.</summary>
    public required ModelRoute Route { get; init; }

    /// <summary>The pools of the route's namespace that its variants name, by name; an absent one does not exist.</summary>
    public required IReadOnlyDictionary<string, ModelPool> Pools { get; init; }

    /// <summary>The route that answers the same model name in this one's place, or null.</summary>
    public ModelRoute? Winner { get; init; }

    /// <summary>What the routers' metrics said; null before the first full scrape window, which keeps the numbers shown.</summary>
    public RouteNumbers? Numbers { get; init; }

    /// <summary>Pools whose model was never measured on their GPUs, so that its energy is not known beforehand.</summary>
    public IReadOnlySet<string> WithoutProfile { get; init; } = new HashSet<string>();

    /// <summary>The moment of observation.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>Numbers of one scrape window; a null was not measured.</summary>
public sealed record RouteNumbers
{
    /// <summary>Requests a second.</summary>
    public double? RequestsPerSecond { get; init; }

    /// <summary>Share of requests answered before the hard deadline.</summary>
    public double? Availability { get; init; }

    /// <summary>Mean declared quality of the answers.</summary>
    public double? MeanQuality { get; init; }

    /// <summary>GPU joules by request.</summary>
    public double? JoulesPerRequest { get; init; }

    /// <summary>Mean prompt tokens of a request.</summary>
    public double? PromptTokens { get; init; }

    /// <summary>Mean output tokens of a request.</summary>
    public double? OutputTokens { get; init; }

    /// <summary>Share of the requests by pool.</summary>
    public IReadOnlyDictionary<string, double> Shares { get; init; } = new Dictionary<string, double>();
}
