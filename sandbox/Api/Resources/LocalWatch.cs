using k8s;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Resources;

/// <summary>One in-process subscription: replay, follow, and catch up by comparison when the history ran ahead.</summary>
internal sealed partial class LocalWatch : IDisposable
{
    private readonly ObjectStore _store;
    private readonly ServedResource _resource;
    private readonly Action<WatchEventType, StoredObject> _handler;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop;
    private readonly Dictionary<ObjectId, StoredObject> _seen = [];

    public LocalWatch(ObjectStore store, ServedResource resource, Action<WatchEventType, StoredObject> handler, ILogger logger, CancellationToken stopping)
    {
        _store = store;
        _resource = resource;
        _handler = handler;
        _logger = logger;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        store.History(resource.Storage);
        _ = Task.Run(RunAsync, CancellationToken.None);
    }

    public void Dispose() => _stop.Cancel();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var cursor = new WatchCursor(_store, _resource, new ListQuery(), CatchUp());
            await FollowAsync(cursor);
        }

        _stop.Dispose();
    }

    /// <summary>Brings the subscriber from what it has seen to the current snapshot.</summary>
    private long CatchUp()
    {
        var snapshot = _store.Snapshot;
        var objects = snapshot.Of(_resource.Storage);
        foreach (var gone in _seen.Values.Where(s => !objects.TryGetValue(s.Id, out var now) || now.Uid != s.Uid).ToList())
            Tell(WatchEventType.Deleted, gone);
        foreach (var stored in objects.Values)
        {
            if (!_seen.TryGetValue(stored.Id, out var known)) Tell(WatchEventType.Added, stored);
            else if (known.Revision != stored.Revision) Tell(WatchEventType.Modified, stored);
        }

        return snapshot.Revision;
    }

    private async Task FollowAsync(WatchCursor cursor)
    {
        while (!_stop.IsCancellationRequested)
        {
            var (events, more) = cursor.Read();
            if (cursor.Expired) return;
            foreach (var change in events)
            {
                if (_stop.IsCancellationRequested) return;
                Tell(TypeOf(change.Kind), change.Object);
            }

            if (more || events.Count > 0) continue;
            try
            {
                await cursor.Changed.WaitAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Tell(WatchEventType type, StoredObject stored)
    {
        if (_stop.IsCancellationRequested) return;
        if (type == WatchEventType.Deleted) _seen.Remove(stored.Id);
        else _seen[stored.Id] = stored;
        try
        {
            _handler(type, stored);
        }
#pragma warning disable CA1031 // One subscriber's bug must not end its subscription silently, nor anybody else's.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.HandlerFailed(_logger, _resource.Id.ToString(), stored.Id.Name, e);
        }
    }

    private static WatchEventType TypeOf(WatchEventKind kind) => kind switch
    {
        WatchEventKind.Added => WatchEventType.Added,
        WatchEventKind.Modified => WatchEventType.Modified,
        _ => WatchEventType.Deleted,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A handler of {Resource} failed on {Name}")]
        public static partial void HandlerFailed(ILogger logger, string resource, string name, Exception error);
    }
}
