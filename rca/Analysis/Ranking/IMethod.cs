namespace Ops.Rca;

/// <summary>One way to score causes. A method is deterministic and sees no truth.</summary>
public interface IMethod
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>
    /// True to be asked about every likely onset and have the answers averaged by their weights; false to be asked once,
    /// about the told onset or else the likeliest, as a published method would be.
    /// </summary>
    bool WeighsOnsets => false;

    /// <summary>Scores every metric and service; a higher score is more suspect.</summary>
    Scores Score(Incident incident, double? onset);
}

/// <summary>Scores of one method.</summary>
/// <param name="Services">By service.</param>
/// <param name="Metrics">By index of the observed metrics.</param>
/// <param name="Evidence">The metric that speaks loudest for a service, in words; absent where there is none.</param>
public sealed record Scores(IReadOnlyDictionary<string, double> Services, IReadOnlyList<double> Metrics, IReadOnlyDictionary<string, string> Evidence)
{
    /// <summary>A service's score is the highest of its metrics' scores.</summary>
    internal static Scores FromMetrics(Incident incident, double[] metrics)
    {
        var services = new Dictionary<string, double>();
        foreach (var service in Candidates.Of(incident))
            services[service] = double.NegativeInfinity;
        for (var m = 0; m < metrics.Length; m++)
        {
            var service = incident.Observed.Metrics[m].Service;
            services[service] = Math.Max(services[service], metrics[m]);
        }

        return new Scores(services, metrics, new Dictionary<string, string>());
    }
}

/// <summary>Who can be the cause.</summary>
internal static class Candidates
{
    /// <summary>Every service with a metric, and every one in the call graph.</summary>
    public static string[] Of(Incident incident) =>
        [.. incident.Observed.Metrics.Select(metric => metric.Service).Concat(incident.Calls.SelectMany(edge => new[] { edge.Caller, edge.Callee })).Distinct()];
}
