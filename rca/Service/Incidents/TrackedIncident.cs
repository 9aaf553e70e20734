using Ops.Rca.Service.Detection;

namespace Ops.Rca.Service.Incidents;

/// <summary>One incident while it lasts, and until it is forgotten.</summary>
/// <param name="name">Name of its object.</param>
/// <param name="type">One of Ops.Api.IncidentTypes.</param>
/// <param name="detected">When it was certain, in seconds since 1970.</param>
internal sealed class TrackedIncident(string name, string type, double detected)
{
    // Symptoms of one incident that are remembered: its object lists 20 of them, and the ranking looks at metrics itself.
    private const int MaxSymptoms = 200;

    private readonly Dictionary<(string Service, string Metric), Movement> symptoms = [];
    private readonly HashSet<string> services = [];

    public string Name { get; } = name;

    public string Type { get; } = type;

    public double Detected { get; } = detected;

    /// <summary>When its first metric moved.</summary>
    public double Onset { get; private set; } = detected;

    /// <summary>Where its object is; null before there is one.</summary>
    public string? Namespace { get; set; }

    /// <summary>Why a workload is suspect, for an incident of type security; such an incident needs no ranking.</summary>
    public string? Suspicion { get; set; }

    /// <summary>True when somebody deleted the object: nothing is written any more, and its symptoms open no other incident.</summary>
    public bool IsMuted { get; set; }

    /// <summary>When its last symptom went; null while there is one.</summary>
    public double? QuietSince { get; set; }

    /// <summary>When it was closed; null while it is open.</summary>
    public double? Resolved { get; set; }

    /// <summary>When the next ranking is due.</summary>
    public double NextAnalysis { get; set; } = detected;

    /// <summary>Every symptom that it ever had, by its onset.</summary>
    public IEnumerable<Movement> Symptoms => symptoms.Values.OrderBy(symptom => symptom.Since).ThenByDescending(symptom => symptom.Deviations)
        .ThenBy(symptom => symptom.Signal.Metric.ToString(), StringComparer.Ordinal);

    /// <summary>How many symptoms it had.</summary>
    public int SymptomCount => symptoms.Count;

    /// <summary>The services with symptoms.</summary>
    public IReadOnlySet<string> Services => services;

    /// <summary>True when a service joined since the last ranking.</summary>
    public bool Grew { get; set; }

    public bool Has(Movement movement) => symptoms.ContainsKey((movement.Signal.Metric.Service, movement.Signal.Metric.Name));

    public void Add(Movement movement)
    {
        if (symptoms.Count == MaxSymptoms || !symptoms.TryAdd((movement.Signal.Metric.Service, movement.Signal.Metric.Name), movement))
            return;
        Grew |= services.Add(movement.Signal.Metric.Service);
        Onset = Math.Min(Onset, movement.Since);
    }

    /// <summary>Takes the symptoms of some services out of it; unless none would be left, or none is theirs.</summary>
    public IReadOnlyList<Movement> Part(IReadOnlySet<string> leaving)
    {
        var parted = Symptoms.Where(symptom => leaving.Contains(symptom.Signal.Metric.Service)).ToList();
        if (parted.Count == symptoms.Count)
            return [];
        foreach (var symptom in parted)
            symptoms.Remove((symptom.Signal.Metric.Service, symptom.Signal.Metric.Name));
        services.ExceptWith(leaving);
        Onset = symptoms.Values.Min(symptom => symptom.Since);
        return parted;
    }
}
