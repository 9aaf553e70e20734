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

    /// <summary>What the routers make of the route's learned policy; null when the route asks for none or no router said so.</summary>
    public PolicyReport? Learned { get; init; }

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

/// <summary>What routers make of a learned policy.</summary>
/// <param name="Type">What decides: learned or price.</param>
/// <param name="Standing">Why, as one word: InForce, Shadow, OutsideTraining, NoFreshMetrics, RolledBack, Unusable.</param>
/// <param name="Message">Why, as a sentence.</param>
public sealed record PolicyReport(string Type, string Standing, string Message)
{
    // The shadow is how every policy begins; the others need somebody.
    private static readonly string[] Order = ["InForce", "Shadow", "OutsideTraining", "NoFreshMetrics", "RolledBack", "Unusable"];

    /// <summary>Whether a person should look at it.</summary>
    public bool IsTrouble => Array.IndexOf(Order, Standing) > Array.IndexOf(Order, "Shadow");

    /// <summary>Of what several routers say, the one that is furthest from being in force; null of none.</summary>
    public static PolicyReport? Worst(IEnumerable<PolicyReport> reports) =>
        reports.OrderByDescending(report => Array.IndexOf(Order, report.Standing)).ThenBy(report => report.Message, StringComparer.Ordinal).FirstOrDefault();
}
