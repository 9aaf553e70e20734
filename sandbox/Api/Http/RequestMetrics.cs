using System.Collections.Concurrent;
using System.Text;

namespace Ops.Sandbox.Api.Http;

/// <summary>Counts requests by verb, resource and code, as apiserver_request_total does. Bounded by the kinds that exist.</summary>
internal sealed class RequestMetrics
{
    /// <summary>Verbs × resources × codes that really occur stay far below this; beyond it, requests count as "other".</summary>
    private const int MaxSeries = 4096;

    private readonly ConcurrentDictionary<(string Verb, string Group, string Resource, int Code), long> _requests = new();
    private long _watches;

    public void Count(string verb, string group, string resource, int code)
    {
        var key = (verb, group, resource, code);
        if (_requests.Count >= MaxSeries && !_requests.ContainsKey(key)) key = (verb, "", "other", code);
        _requests.AddOrUpdate(key, 1, static (_, count) => count + 1);
    }

    public void WatchStarted() => Interlocked.Increment(ref _watches);

    public void WatchEnded() => Interlocked.Decrement(ref _watches);

    /// <summary>Requests by verb since the start, for tests and reports.</summary>
    public long Of(string verb) => _requests.Where(r => r.Key.Verb == verb).Sum(r => r.Value);

    public string Expose(int storedObjects, long revision)
    {
        var text = new StringBuilder();
        text.Append("# HELP apiserver_request_total Requests by verb, group, resource and code.\n# TYPE apiserver_request_total counter\n");
        foreach (var ((verb, group, resource, code), count) in _requests.OrderBy(r => r.Key))
            text.Append($"apiserver_request_total{{verb=\"{verb.ToUpperInvariant()}\",group=\"{group}\",resource=\"{resource}\",code=\"{code}\"}} {count}\n");
        text.Append("# HELP apiserver_longrunning_requests Watches that are open.\n# TYPE apiserver_longrunning_requests gauge\n");
        text.Append($"apiserver_longrunning_requests{{verb=\"WATCH\"}} {Interlocked.Read(ref _watches)}\n");
        text.Append("# HELP apiserver_storage_objects Stored objects.\n# TYPE apiserver_storage_objects gauge\n");
        text.Append($"apiserver_storage_objects {storedObjects}\n");
        text.Append("# HELP apiserver_storage_revision Newest resourceVersion.\n# TYPE apiserver_storage_revision gauge\n");
        text.Append($"apiserver_storage_revision {revision}\n");
        return text.ToString();
    }
}
