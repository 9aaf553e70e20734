using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Kube;

/// <summary>What a write did.</summary>
public enum WriteOutcome
{
    /// <summary>The intent was already in force: no request was sent.</summary>
    Unchanged,

    /// <summary>The object did not exist and does now.</summary>
    Created,

    /// <summary>The object changed.</summary>
    Updated,

    /// <summary>The server was asked and found nothing to change.</summary>
    Confirmed,

    /// <summary>The object is deleted or marked for deletion.</summary>
    Deleted,

    /// <summary>There was nothing to delete, or another object of that name has taken its place.</summary>
    Absent,
}

/// <summary>Outcome of a write and the object as the server returned it.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Object">The object after the write; null after a deletion.</param>
public readonly record struct WriteResult<T>(WriteOutcome Outcome, T? Object)
    where T : class
{
    /// <summary>True if the server's state changed.</summary>
    public bool Changed => Outcome is WriteOutcome.Created or WriteOutcome.Updated or WriteOutcome.Deleted;
}

/// <summary>Writes intents by server-side apply, and only when they differ from what is observed.</summary>
public sealed partial class ApplyWriter
{
    /// <summary>Owner of the applied fields.</summary>
    public const string FieldManager = "ops";

    /// <summary>
    /// Owner of the applied status. Its own name, because servers before 1.22 keep one list of fields for both
    /// endpoints, and an apply of the status alone would disown all other fields there.
    /// </summary>
    public const string StatusFieldManager = "ops-status";

    private readonly KubeClient client;
    private readonly ILeadership? leadership;
    private readonly ILogger logger;
    private readonly IntentMemory memory = new();

    /// <summary>Creates a writer. With a leadership, every write asks it just before it is sent and throws <see cref="NotLeaderException"/>.</summary>
    public ApplyWriter(KubeClient client, ILeadership? leadership = null, ILoggerFactory? logs = null)
    {
        this.client = client;
        this.leadership = leadership;
        logger = (logs ?? NullLoggerFactory.Instance).CreateLogger("Ops.Kube.ApplyWriter");
    }

    /// <summary>
    /// Applies the intent: exactly the fields that the caller wants, and no other. A field that was applied before and is
    /// missing now is removed; fields of others are taken over where both want them. Status is not written here.
    /// </summary>
    /// <param name="intent">metadata (name, namespace, labels, annotations, ownerReferences, finalizers) and the wanted fields.</param>
    /// <param name="observed">The object as a cache holds it, or null if it does not exist there.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="KubeApiException">The server refused the write.</exception>
    /// <exception cref="NotLeaderException">Leadership was lost; nothing was sent.</exception>
    public Task<WriteResult<T>> ApplyAsync<T>(T intent, T? observed, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        WriteAsync(Intent.OfObject(intent), observed, cancellationToken);

    /// <summary>
    /// Applies only the status of the intent, through the status subresource. Name and namespace come from its metadata.
    /// Never creates an object. Servers drop a uid here, so a status may reach an object that has just taken the name;
    /// its observedGeneration and the next reconcile tell.
    /// </summary>
    /// <param name="intent">metadata (name, namespace) and the wanted status.</param>
    /// <param name="observed">The object as a cache holds it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="KubeApiException">The server refused the write.</exception>
    /// <exception cref="NotLeaderException">Leadership was lost; nothing was sent.</exception>
    public Task<WriteResult<T>> ApplyStatusAsync<T>(T intent, T? observed, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        WriteAsync(Intent.OfStatus(intent), observed, cancellationToken);

    /// <summary>
    /// Sets spec.replicas through the scale subresource, as kubectl scale and autoscalers do. False if the object changed
    /// since it was observed: nothing was written then, and the change brings the caller back.
    /// </summary>
    /// <param name="observed">The object as a cache holds it.</param>
    /// <param name="replicas">The new number.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <exception cref="KubeApiException">The server refused the write.</exception>
    /// <exception cref="NotLeaderException">Leadership was lost; nothing was sent.</exception>
    public async Task<bool> ScaleAsync<T>(T observed, int replicas, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        RequireLeadership();
        var body = KubernetesJson.Serialize(new { metadata = new { resourceVersion = observed.Metadata.ResourceVersion }, spec = new { replicas } });
        var path = $"{ResourceOf<T>.Object(observed.Metadata.NamespaceProperty, observed.Metadata.Name)}/scale?fieldManager={FieldManager}";
        try
        {
            await client.SendForBytesAsync(HttpMethod.Patch, path, KubeClient.Json(body, "application/merge-patch+json"), cancellationToken);
        }
        catch (KubeApiException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            return false;
        }

        Meters.Write(ResourceOf<T>.Name, WriteOutcome.Updated);
        Log.Wrote(logger, WriteOutcome.Updated, ResourceOf<T>.Name, ObjectKey.Of(observed), "/scale");
        return true;
    }

    /// <summary>Deletes the observed object and no other of the same name: its uid is the precondition.</summary>
    /// <param name="observed">The object as a cache holds it.</param>
    /// <param name="propagation">Background, Foreground or Orphan.</param>
    /// <param name="grace">What a pod is given to end in order, in whole seconds; absent for what the object says.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<WriteResult<T>> DeleteAsync<T>(T observed, string propagation = "Background", TimeSpan? grace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (observed.Metadata.DeletionTimestamp is not null)
            return Count(new WriteResult<T>(WriteOutcome.Unchanged, observed));
        var options = new V1DeleteOptions
        {
            ApiVersion = "v1",
            Kind = "DeleteOptions",
            PropagationPolicy = propagation,
            GracePeriodSeconds = (long?)grace?.TotalSeconds,
            Preconditions = observed.Metadata.Uid is { } uid ? new V1Preconditions { Uid = uid } : null,
        };
        var path = ResourceOf<T>.Object(observed.Metadata.NamespaceProperty, observed.Metadata.Name);
        RequireLeadership();
        try
        {
            await client.SendForBytesAsync(HttpMethod.Delete, path, KubeClient.Json(KubernetesJson.Serialize(options)), cancellationToken);
            return Count(new WriteResult<T>(WriteOutcome.Deleted, null));
        }
        catch (KubeApiException e) when (e.StatusCode is HttpStatusCode.NotFound)
        {
            return Count(new WriteResult<T>(WriteOutcome.Absent, null));
        }
        catch (KubeApiException e) when (e.StatusCode is HttpStatusCode.Conflict)
        {
            // Most likely the uid differs; but a conflict of another cause must not pass for a deletion.
            var now = await client.GetAsync<T>(observed.Metadata.NamespaceProperty, observed.Metadata.Name, cancellationToken);
            if (now is not null && now.Metadata.Uid == observed.Metadata.Uid)
                throw;
            return Count(new WriteResult<T>(WriteOutcome.Absent, null));
        }
    }

    private async Task<WriteResult<T>> WriteAsync<T>(Intent intent, T? observed, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (observed is not null && (memory.Knows(intent, observed) || intent.IsInForce(observed)))
        {
            memory.Remember(intent, observed, observed);
            return Count(new WriteResult<T>(WriteOutcome.Unchanged, observed));
        }

        var (body, status) = await SendAsync<T>(intent, cancellationToken);
        var written = KubeClient.Parse<T>(body);
        memory.Remember(intent, observed, written);
        var outcome = status == HttpStatusCode.Created ? WriteOutcome.Created
            : written.Metadata.ResourceVersion == observed?.Metadata.ResourceVersion ? WriteOutcome.Confirmed
            : WriteOutcome.Updated;
        if (outcome != WriteOutcome.Confirmed)
            Log.Wrote(logger, outcome, ResourceOf<T>.Name, ObjectKey.Of(written), intent.Subresource);
        return Count(new WriteResult<T>(outcome, written));
    }

    private async Task<(byte[] Body, HttpStatusCode Status)> SendAsync<T>(Intent intent, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await PatchAsync<T>(intent, "&force=true", intent.Json, "application/apply-patch+yaml", cancellationToken);
        }
        catch (KubeApiException e) when (e.StatusCode == HttpStatusCode.UnprocessableEntity && DroppedFields.PatchFor(e, intent.Fields) is not null)
        {
            await PatchAsync<T>(intent, "", DroppedFields.PatchFor(e, intent.Fields)!, "application/merge-patch+json", cancellationToken);
            return await PatchAsync<T>(intent, "&force=true", intent.Json, "application/apply-patch+yaml", cancellationToken);
        }
    }

    private Task<(byte[] Body, HttpStatusCode Status)> PatchAsync<T>(Intent intent, string query, string body, string mediaType, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        RequireLeadership();
        var path = $"{ResourceOf<T>.Object(intent.Namespace, intent.Name)}{intent.Subresource}?fieldManager={intent.Manager}{query}";
        return client.SendForBytesAsync(HttpMethod.Patch, path, KubeClient.Json(body, mediaType), cancellationToken);
    }

    private void RequireLeadership()
    {
        if (leadership is { IsLeader: false })
            throw new NotLeaderException();
    }

    private static WriteResult<T> Count<T>(WriteResult<T> result)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        Meters.Write(ResourceOf<T>.Name, result.Outcome);
        return result;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "{Outcome} {Resource} {Key}{Subresource}.")]
        public static partial void Wrote(ILogger logger, WriteOutcome outcome, string resource, ObjectKey key, string subresource);
    }
}

/// <summary>A write was refused because this process is not, or no longer, the leader.</summary>
public sealed class NotLeaderException : Exception
{
    /// <summary>Creates the exception.</summary>
    public NotLeaderException()
        : base("This process is not the leader any more; the write was not sent.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public NotLeaderException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    public NotLeaderException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
