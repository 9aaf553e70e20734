namespace Ops.Rca;

/// <summary>One service calls another.</summary>
public sealed record CallEdge(string Caller, string Callee);

/// <summary>What is known of an incident: the input of every method.</summary>
public sealed record Incident
{
    /// <summary>For people and for reports.</summary>
    public required string Name { get; init; }

    /// <summary>The metrics around the incident.</summary>
    public required MetricTable Observed { get; init; }

    /// <summary>A normal period recorded apart, perhaps long before or after; null if there is none.</summary>
    public MetricTable? Normal { get; init; }

    /// <summary>Who calls whom; empty if unknown.</summary>
    public IReadOnlyList<CallEdge> Calls { get; init; } = [];

    /// <summary>When the incident began, in seconds since 1970; null if nobody told.</summary>
    public double? Onset { get; init; }

    /// <summary>By how many seconds the told onset may be wrong. Default 90: a person tells it to about a minute and a half.</summary>
    public double OnsetWithin { get; init; } = 90;

    /// <summary>The service at which the incident was noticed; null if nobody told.</summary>
    public string? Symptom { get; init; }

    /// <summary>What reading the input left out or put right.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>An incident whose cause is known, for measuring methods. Methods never see the truth.</summary>
/// <param name="Incident">What a method may see.</param>
/// <param name="Service">The service at fault.</param>
/// <param name="MetricPrefix">How the name of the metric at fault begins, several beginnings separated by |; null where the truth names only a service.</param>
public sealed record LabelledIncident(Incident Incident, string Service, string? MetricPrefix = null);

/// <summary>The input cannot be analysed. The message says what is wrong with it and where.</summary>
public sealed class BadInputException(string message) : Exception(message);
