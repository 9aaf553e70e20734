using System.Threading.Channels;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ops.Kube;

/// <summary>
/// Writes Kubernetes Events about objects. A repeated event raises the count of the first one, many similar ones become
/// one, an object that floods is cut off for a while, and no failure ever reaches the caller.
/// </summary>
public sealed partial class EventRecorder
{
    // Events wait here while the server is slow: 1000 of them are under 1 MB, and newer ones are dropped, not the work.
    private const int MaxWaiting = 1000;

    private readonly KubeClient client;
    private readonly string component;
    private readonly ILeadership? leadership;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly EventCorrelator correlator;
    private readonly Channel<EventNote> waiting = Channel.CreateBounded<EventNote>(
        new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private long sequence;

    /// <summary>Creates a recorder; the component names the source, for example ops-operator. With a leadership only the leader writes.</summary>
    public EventRecorder(KubeClient client, string component, ILeadership? leadership = null, TimeProvider? time = null, ILoggerFactory? logs = null)
    {
        this.client = client;
        this.component = component;
        this.leadership = leadership;
        this.time = time ?? TimeProvider.System;
        logger = (logs ?? NullLoggerFactory.Instance).CreateLogger("Ops.Kube.EventRecorder");
        correlator = new EventCorrelator(this.time);
    }

    /// <summary>Something as it should be. Returns at once; <see cref="RunAsync"/> writes the event.</summary>
    public void Normal(IKubernetesObject<V1ObjectMeta> regarding, string reason, string message) => Record(regarding, "Normal", reason, message);

    /// <summary>Something that a person should see. Returns at once; <see cref="RunAsync"/> writes the event.</summary>
    public void Warning(IKubernetesObject<V1ObjectMeta> regarding, string reason, string message) => Record(regarding, "Warning", reason, message);

    /// <summary>Writes recorded events until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var note in waiting.Reader.ReadAllAsync(cancellationToken))
                await WriteAsync(note, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The ordinary end.
        }
    }

    private void Record(IKubernetesObject<V1ObjectMeta> regarding, string type, string reason, string message)
    {
        var subject = new V1ObjectReference
        {
            ApiVersion = regarding.ApiVersion,
            Kind = regarding.Kind,
            Name = regarding.Metadata.Name,
            NamespaceProperty = regarding.Metadata.NamespaceProperty,
            Uid = regarding.Metadata.Uid,
            ResourceVersion = regarding.Metadata.ResourceVersion,
        };
        if (!waiting.Writer.TryWrite(new EventNote(subject, type, reason, message)))
            Meters.EventDropped();
    }

    private async Task WriteAsync(EventNote note, CancellationToken cancellationToken)
    {
        if (leadership is { IsLeader: false } || correlator.Correlate(note) is not { } written)
        {
            Meters.EventDropped();
            return;
        }

        try
        {
            if (written.Name is null || !await TryCountAsync(written, cancellationToken))
                await CreateAsync(written, cancellationToken);
        }
        catch (Exception e) when (e is KubeApiException or HttpRequestException or IOException or TimeoutException)
        {
            // An event is a courtesy; the work that it tells of has happened.
            Log.NotWritten(logger, note.Reason, note.Subject.Name, e.Message);
            Meters.EventDropped();
        }
    }

    // False if the first event has expired on the server.
    private async Task<bool> TryCountAsync(CorrelatedEvent e, CancellationToken cancellationToken)
    {
        var patch = new Corev1Event { Count = e.Count, LastTimestamp = Now(), Message = e.Message, Metadata = new V1ObjectMeta() };
        try
        {
            await client.SendForBytesAsync(
                HttpMethod.Patch,
                ResourceOf<Corev1Event>.Object(NamespaceOf(e.Subject), e.Name!),
                KubeClient.Json(KubernetesJson.Serialize(patch), "application/merge-patch+json"),
                cancellationToken);
            return true;
        }
        catch (KubeApiException refused) when (refused.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private async Task CreateAsync(CorrelatedEvent e, CancellationToken cancellationToken)
    {
        var now = Now();
        var name = $"{e.Subject.Name}.{time.GetUtcNow().UtcTicks:x}{Interlocked.Increment(ref sequence):x}";
        await client.CreateAsync(
            new Corev1Event
            {
                ApiVersion = "v1",
                Kind = "Event",
                Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = NamespaceOf(e.Subject) },
                InvolvedObject = e.Subject,
                Type = e.Type,
                Reason = e.Reason,
                Message = e.Message,
                Count = e.Count,
                FirstTimestamp = now,
                LastTimestamp = now,
                Source = new V1EventSource { Component = component },
                ReportingComponent = component,
                ReportingInstance = Environment.MachineName,
            },
            cancellationToken);
        correlator.Named(e, name);
    }

    // Event times are whole seconds on the wire.
    private DateTime Now()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return new DateTime(now.Ticks - (now.Ticks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
    }

    private static string NamespaceOf(V1ObjectReference subject) =>
        string.IsNullOrEmpty(subject.NamespaceProperty) ? "default" : subject.NamespaceProperty;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Event {Reason} about {Name} was not written: {Error}")]
        public static partial void NotWritten(ILogger logger, string reason, string name, string error);
    }
}
