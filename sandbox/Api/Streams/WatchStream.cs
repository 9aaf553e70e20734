using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Api.Tables;

namespace Ops.Sandbox.Api.Streams;

/// <summary>
/// One watch over HTTP: a JSON object a line until the timeout, the client's departure, or a revision that is gone.
/// A client that does not read stops only its own task; Kestrel drops it when it takes less than 240 bytes a second.
/// </summary>
internal sealed class WatchStream(ObjectStore store, ResourceRegistry registry, RequestMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan BookmarkBeforeEnd = TimeSpan.FromSeconds(2);

    /// <summary>Watches without a timeout of their own end after this, so that dead ones do not pile up.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(45);

    private static readonly byte[] Newline = "}\n"u8.ToArray();

    public async Task ServeAsync(HttpContext context, ServedResource resource, ListQuery query, MediaType media, CancellationToken stopping)
    {
        var options = ReadOptions(context.Request, query);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        context.Response.ContentType = "application/json";
        await context.Response.Body.FlushAsync(end.Token);
        var writer = new EventWriter(context.Response, resource, media, TableRows.IncludeOf(context.Request), time);
        metrics.WatchStarted();
        try
        {
            await RunAsync(writer, resource, query, options, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left or the server stops: the body simply ends.
        }
        finally
        {
            metrics.WatchEnded();
        }
    }

    private async Task RunAsync(EventWriter writer, ServedResource resource, ListQuery query, WatchOptions options, CancellationToken cancellationToken)
    {
        var deadline = Task.Delay(options.Timeout, time, cancellationToken);
        var nextBookmark = Task.Delay(FirstBookmark(options), time, cancellationToken);
        var cursor = await StartAsync(writer, resource, query, options, cancellationToken);
        while (!deadline.IsCompleted && registry.Current.Find(resource.Kind.Group, resource.Kind.Version, resource.Kind.Plural) is not null)
        {
            var (events, more) = cursor.Read();
            if (cursor.Expired)
            {
                await writer.WriteExpiredAsync(cursor.Revision, cursor.CompactedRevision, cancellationToken);
                return;
            }

            foreach (var change in events) await writer.WriteAsync(change, cancellationToken);
            if (events.Count > 0) await writer.FlushAsync(cancellationToken);
            if (more || events.Count > 0) continue;
            await Task.WhenAny(cursor.Changed, deadline, nextBookmark);
            cancellationToken.ThrowIfCancellationRequested();
            if (!nextBookmark.IsCompleted) continue;
            if (options.Bookmarks) await writer.WriteBookmarkAsync(cursor.Revision, initialEnd: false, cancellationToken);
            nextBookmark = Task.Delay(BookmarkInterval, time, cancellationToken);
        }
    }

    private async Task<WatchCursor> StartAsync(EventWriter writer, ServedResource resource, ListQuery query, WatchOptions options, CancellationToken cancellationToken)
    {
        if (!options.InitialEvents) return new WatchCursor(store, resource, query, query.ResourceVersion!.Value);

        // Before the snapshot is taken the history must exist, so that it holds everything after the snapshot.
        store.History(resource.Storage);
        var snapshot = store.Snapshot;
        foreach (var stored in snapshot.Of(resource.Storage).Values.Where(query.Selects))
            await writer.WriteAsync(new WatchedEvent(WatchEventKind.Added, stored), cancellationToken);
        if (options.InitialBookmark) await writer.WriteBookmarkAsync(snapshot.Revision, initialEnd: true, cancellationToken);
        await writer.FlushAsync(cancellationToken);
        return new WatchCursor(store, resource, query, snapshot.Revision);
    }

    private static TimeSpan FirstBookmark(WatchOptions options)
    {
        var beforeEnd = options.Timeout - BookmarkBeforeEnd;
        return beforeEnd > TimeSpan.Zero && beforeEnd < BookmarkInterval ? beforeEnd : BookmarkInterval;
    }

    private static WatchOptions ReadOptions(HttpRequest request, ListQuery query)
    {
        var seconds = QueryOptions.Number(request.Query["timeoutSeconds"].ToString(), "timeoutSeconds");
        var bookmarks = QueryOptions.IsTrue(request.Query["allowWatchBookmarks"]);
        var asked = request.Query["sendInitialEvents"].ToString();
        if (asked.Length > 0 && query.Match != "NotOlderThan")
        {
            throw QueryOptions.ListOptions(
                "FieldValueForbidden", "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan", "resourceVersionMatch");
        }

        if (asked.Length == 0 && query.Match is not null)
            throw QueryOptions.ListOptions("FieldValueForbidden", "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided", "resourceVersionMatch");
        var send = QueryOptions.IsTrue(asked);
        return new WatchOptions(
            seconds > 0 ? TimeSpan.FromSeconds(seconds) : DefaultTimeout,
            bookmarks,
            InitialEvents: send || (asked.Length == 0 && query.ResourceVersion is null or 0),
            InitialBookmark: send && bookmarks);
    }

    private sealed record WatchOptions(TimeSpan Timeout, bool Bookmarks, bool InitialEvents, bool InitialBookmark);

    /// <summary>Frames events: stored bytes pass through where the client speaks the stored form.</summary>
    private sealed class EventWriter(HttpResponse response, ServedResource resource, MediaType media, IncludeObject include, TimeProvider time)
    {
        private readonly bool _raw = media is { Form: Form.Object, Yaml: false } && resource.IsStorageVersion;
        private bool _headed;

        public async Task WriteAsync(WatchedEvent change, CancellationToken cancellationToken)
        {
            var head = Encoding.UTF8.GetBytes($"{{\"type\":\"{change.Kind.ToString().ToUpperInvariant()}\",\"object\":");
            await response.Body.WriteAsync(head, cancellationToken);
            await response.Body.WriteAsync(Body(change.Object), cancellationToken);
            await response.Body.WriteAsync(Newline, cancellationToken);
        }

        public Task WriteBookmarkAsync(long revision, bool initialEnd, CancellationToken cancellationToken)
        {
            var metadata = new JsonObject { ["resourceVersion"] = revision.ToString() };
            if (initialEnd) metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
            return WriteLineAsync("BOOKMARK", new JsonObject { ["kind"] = resource.Kind.Kind, ["apiVersion"] = resource.ApiVersion, ["metadata"] = metadata }, cancellationToken);
        }

        public Task WriteExpiredAsync(long asked, long compacted, CancellationToken cancellationToken) =>
            WriteLineAsync("ERROR", Responses.StatusJson(Errors.Expired($"too old resource version: {asked} ({compacted})").Status), cancellationToken);

        public Task FlushAsync(CancellationToken cancellationToken) => response.Body.FlushAsync(cancellationToken);

        private async Task WriteLineAsync(string type, JsonNode body, CancellationToken cancellationToken)
        {
            var line = new JsonObject { ["type"] = type, ["object"] = body };
            await response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, JsonText.Compact), cancellationToken);
            await response.Body.WriteAsync("\n"u8.ToArray(), cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
        }

        private byte[] Body(StoredObject stored)
        {
            if (_raw) return stored.Json;
            var document = resource.FromStorage(stored.Parse());
            JsonNode body = media.Form switch
            {
                Form.Table => TableRows.OneRow(resource, document, include, media.Version, withColumns: !_headed, time.GetUtcNow()),
                Form.PartialMetadata => TableRows.PartialMetadata(document, media.Version),
                _ => document,
            };
            _headed = true;
            return JsonSerializer.SerializeToUtf8Bytes(body, JsonText.Compact);
        }
    }
}
