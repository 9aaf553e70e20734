namespace Ops.Router;

/// <summary>One request on its way: what was asked, of which route, and what became of it so far.</summary>
internal sealed class Exchange(HttpContext context, LiveRoute route, RequestBody body, ParsedRequest parsed, AccessEntry entry, long startedAt)
{
    private const string TaskHeader = "x-ops-task";

    private AdmissionTicket _ticket;

    internal HttpContext Context => context;

    internal LiveRoute Route => route;

    internal RequestBody Body => body;

    internal ParsedRequest Parsed => parsed;

    internal AccessEntry Entry => entry;

    internal Caller Caller { get; } = entry.Caller!;

    /// <summary>What the request holds while it is let in.</summary>
    internal ref AdmissionTicket Ticket => ref _ticket;

    /// <summary>Timestamp of the request's arrival.</summary>
    internal long StartedAt => startedAt;

    internal string? Task { get; } = context.Request.Headers[TaskHeader];

    internal ResponseObserver Observer { get; } = new(context.RequestServices.GetRequiredService<TimeProvider>(), startedAt, route.Config.Objective);
}
