using System.Diagnostics;
using Ops.Picking;

namespace Ops.Router;

/// <summary>One request on its way: what was asked, of which route, and what became of it so far.</summary>
internal sealed class Exchange(HttpContext context, Operation operation, LiveRoute route, RequestBody body, ParsedRequest parsed, AccessEntry entry, long startedAt)
{
    private const string TaskHeader = "x-ops-task";

    private AdmissionTicket _ticket;

    internal HttpContext Context => context;

    internal Operation Operation => operation;

    /// <summary>The route; its newest state after the request was held.</summary>
    internal LiveRoute Route { get; set; } = route;

    internal RequestBody Body => body;

    internal ParsedRequest Parsed => parsed;

    internal AccessEntry Entry => entry;

    internal Caller Caller { get; } = entry.Caller!;

    /// <summary>What the request holds while it is let in.</summary>
    internal ref AdmissionTicket Ticket => ref _ticket;

    /// <summary>Timestamp of the request's arrival.</summary>
    internal long StartedAt => startedAt;

    /// <summary>When the request's variant was first chosen, in milliseconds; null before.</summary>
    internal long? ChosenAtMs { get; set; }

    /// <summary>The trace's span of this request; null when nothing is traced.</summary>
    internal Activity? Span { get; init; }

    internal string? Task { get; } = context.Request.Headers[TaskHeader];

    /// <summary>Hash of the session that the request belongs to; 0 for none. Sessions of different tenants never meet.</summary>
    internal ulong Session { get; } = SessionOf(context.Request.Headers[route.Config.SessionHeader].ToString(), parsed.SessionKey, entry.Caller!.Tenant);

    /// <summary>Keeps prompt blocks apart that the engines keep apart; 0 for nothing.</summary>
    internal ulong CacheSalt { get; } = route.CacheSalt == 0 && parsed.CacheSalt == 0 ? 0 : KeyHash.Combine(route.CacheSalt, parsed.CacheSalt);

    /// <summary>What the answer's length is expected from.</summary>
    internal LengthFeatures Length => new()
    {
        Route = Task is null ? Route.Key : KeyHash.Combine(Route.Key, KeyHash.Of(Task)),
        Tenant = KeyHash.Of(Caller.Tenant),
        Template = parsed.Template,
        // A conversation without a name is known by its second block: the first one is often everybody's system prompt.
        Session = Session != 0 ? Session : parsed.Prompt.Blocks.Length > 1 ? parsed.Prompt.Blocks.Span[1] : 0,
        PromptTokens = parsed.EstimatedPromptTokens,
        MaxTokens = parsed.MaxTokens,
        Streaming = parsed.Stream,
    };

    /// <summary>Who reads the prompt for the replica that answers; null for that replica itself.</summary>
    internal Replica? Prefill { get; set; }

    /// <summary>Expected output tokens.</summary>
    internal double ExpectedOutputTokens { get; set; }

    /// <summary>Joules that the answer is expected to cost where it was sent; 0 where that is not known.</summary>
    internal double ExpectedJoules { get; set; }

    internal ResponseObserver Observer { get; } = new(context.RequestServices.GetRequiredService<TimeProvider>(), startedAt, route.Config.Objective) { Operation = operation };

    private static ulong SessionOf(string header, ulong key, string tenant)
    {
        var own = header.Length > 0 ? KeyHash.Of(header) : key;
        return own == 0 ? 0 : KeyHash.Combine(KeyHash.Of(tenant), own);
    }
}
