using System.Collections.Concurrent;
using Ops.Api;
using Ops.Kube;

namespace Ops.Rca.Service.Incidents;

/// <summary>Brings incidents into the API server, and takes old ones out of it.</summary>
internal sealed partial class IncidentWriter
{
    // Resolved incidents that are kept at most, whatever their spec.keepFor says: 500 of up to 20 KB are 10 MB in the API server.
    private const int MostResolved = 500;

    private readonly ApplyWriter writer;
    private readonly ResourceCache<Api.Incident> cache;
    private readonly ILogger<IncidentWriter> logger;

    // Objects as the server returned them, until they are resolved: the cache may lag behind.
    private readonly ConcurrentDictionary<string, Api.Incident> written = [];
    private readonly ConcurrentQueue<string> deleted = [];

    public IncidentWriter(ApplyWriter writer, ResourceCache<Api.Incident> cache, ILogger<IncidentWriter> logger)
    {
        (this.writer, this.cache, this.logger) = (writer, cache, logger);
        cache.Changed += change =>
        {
            if (change.Kind == ChangeKind.Deleted && written.TryRemove(change.Key.Name, out _))
                deleted.Enqueue(change.Key.Name);
        };
    }

    /// <summary>The incidents that are open according to the API server.</summary>
    public IEnumerable<Api.Incident> Open => cache.List().Where(incident => incident.Status?.Phase == IncidentPhases.Open && IsOurs(incident));

    /// <summary>The name of an incident whose object somebody deleted since the last call; null if none.</summary>
    public string? TakeDeleted() => deleted.TryDequeue(out var name) ? name : null;

    /// <summary>True while somebody wants the object left alone.</summary>
    public bool IsSuspended(TrackedIncident incident) => Find(incident)?.Spec.Suspend == true;

    /// <summary>Creates the object if there is none, and writes its status if it differs.</summary>
    public async Task WriteAsync(TrackedIncident incident, Func<Api.Incident?, IncidentStatus> status, CancellationToken cancellationToken)
    {
        var observed = Find(incident);
        if (observed is null)
        {
            var labels = new Dictionary<string, string> { [Labels.ManagedBy] = Labels.ManagedByOps };
            var intent = new Api.Incident { Metadata = new() { Name = incident.Name, NamespaceProperty = incident.Namespace, Labels = labels }, Spec = new() { Type = incident.Type } };
            observed = (await writer.ApplyAsync(intent, null, cancellationToken)).Object;
        }

        var wanted = new Api.Incident { Metadata = new() { Name = incident.Name, NamespaceProperty = incident.Namespace }, Status = status(observed) };
        var result = await writer.ApplyStatusAsync(wanted, observed, cancellationToken);
        if (result.Object is { } now && incident.Resolved is null)
            written[incident.Name] = now;
        else
            written.TryRemove(incident.Name, out _);
    }

    /// <summary>Deletes resolved incidents whose time is over.</summary>
    public async Task CleanAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var resolved = cache.List().Where(incident => IsOurs(incident) && incident.Status is { Phase: IncidentPhases.Resolved, ResolvedAt: not null })
            .OrderByDescending(incident => incident.Status!.ResolvedAt).ToList();
        foreach (var old in resolved.Where((incident, place) => place >= MostResolved || now.UtcDateTime - incident.Status!.ResolvedAt!.Value > incident.Spec.EffectiveKeepFor))
        {
            await writer.DeleteAsync(old, cancellationToken: cancellationToken);
            Log.Deleted(logger, old.Metadata.NamespaceProperty, old.Metadata.Name);
        }
    }

    private Api.Incident? Find(TrackedIncident incident) => cache.Get(incident.Namespace, incident.Name) ?? written.GetValueOrDefault(incident.Name);

    private static bool IsOurs(Api.Incident incident) => incident.Metadata.Labels?.TryGetValue(Labels.ManagedBy, out var by) == true && by == Labels.ManagedByOps;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Deleted incident {Namespace}/{Name}: it was resolved long enough ago.")]
        public static partial void Deleted(ILogger logger, string @namespace, string name);
    }
}
