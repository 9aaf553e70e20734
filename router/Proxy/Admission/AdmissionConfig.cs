using System.Collections.Frozen;
using Ops.Api;
using Ops.Picking;

namespace Ops.Router;

/// <summary>How a route lets requests in, ready to be used.</summary>
internal sealed record AdmissionConfig
{
    internal static readonly AdmissionConfig Default = From(new AdmissionSpec(), hardDeadlineSeconds: 60);

    public required GateSettings Gate { get; init; }

    /// <summary>By name; always holds "default".</summary>
    public required FrozenDictionary<string, PriorityLevel> Priorities { get; init; }

    internal static AdmissionConfig From(AdmissionSpec spec, double hardDeadlineSeconds)
    {
        var named = (spec.Priorities ?? []).Select(p => new PriorityLevel(p.Name, p.EffectiveLevel, p.EffectiveSheddable));
        return new AdmissionConfig
        {
            Gate = new GateSettings
            {
                MaxQueued = spec.EffectiveMaxQueued,
                MaxQueuedBytes = spec.EffectiveMaxQueuedBytes,
                EarlyRejection = spec.EffectiveEarlyRejection,
                // Half of the deadline: an expensive request is passed for that long and has as much left to be served.
                AgingMs = (long)(hardDeadlineSeconds * 500),
            },
            Priorities = named.Append(PriorityLevel.Default).DistinctBy(p => p.Name).ToFrozenDictionary(p => p.Name, StringComparer.Ordinal),
        };
    }

    /// <summary>Finds a request's priority: what it asks for, within what its key grants.</summary>
    /// <param name="asked">The request's header; null or empty when it has none.</param>
    /// <param name="granted">The key's priority: the default of its requests and the highest that they may ask for.</param>
    /// <param name="priority">The priority found.</param>
    internal OpenAiError? PriorityOf(string? asked, string? granted, out PriorityLevel priority)
    {
        // A key's priority that this route does not know grants nothing here.
        priority = granted is not null && Priorities.TryGetValue(granted, out var own) ? own : Priorities[PriorityLevel.DefaultName];
        if (string.IsNullOrEmpty(asked))
            return null;
        if (!Priorities.TryGetValue(asked, out var named))
            return new OpenAiError(400, "unknown_priority", $"The header {AdmissionDesk.PriorityHeader} names no priority of this model. Its priorities are {string.Join(", ", Priorities.Keys.Order(StringComparer.Ordinal))}.");
        if (named.Level > priority.Level)
            return new OpenAiError(403, "priority_not_allowed", $"This API key may ask for the priority '{priority.Name}' or lower ones, not for '{named.Name}'. Leave the header {AdmissionDesk.PriorityHeader} out, or have the key's limits name a higher priority.");
        priority = named;
        return null;
    }
}
