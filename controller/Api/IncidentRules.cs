namespace Ops.Api;

/// <summary>
/// What a schema cannot say about an Incident: each rule as CEL for the API server and as C# for the root-cause service,
/// because servers before 1.25 drop CEL rules. A test holds the two against each other.
/// </summary>
public static class IncidentRules
{
    /// <summary>Shortest spec.keepFor: a resolved incident must be there long enough to be seen.</summary>
    public static readonly TimeSpan ShortestKeepFor = TimeSpan.FromMinutes(1);

    internal const string KeepForRule = "duration(self.keepFor) >= duration('1m')";
    internal const string KeepForMessage = "spec.keepFor must be at least 1m; raise it, or remove it to get its default 24h";

    /// <summary>Every broken rule as the sentence that a user reads; empty when all hold.</summary>
    /// <param name="incident">An incident that passed its schema.</param>
    public static IEnumerable<string> Broken(Incident incident)
    {
        if (incident.Spec.EffectiveKeepFor < ShortestKeepFor)
            yield return KeepForMessage;
    }
}
