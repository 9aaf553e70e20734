namespace Ops.Dashboard.Metrics;

/// <summary>Names of the figures that are kept, before the bar; after it stands whose figure it is.</summary>
internal static class Figures
{
    /// <summary>Watts of a pool.</summary>
    public const string Watts = "pool.watts";

    /// <summary>GPU joules a second that the energy counters of a pool gained.</summary>
    public const string Joules = "pool.joules";

    /// <summary>Generated tokens a second of a pool.</summary>
    public const string Tokens = "pool.tokens";

    /// <summary>Prompt tokens a second that a pool read.</summary>
    public const string Prompts = "pool.prompts";

    /// <summary>Requests in the batches of a pool.</summary>
    public const string Running = "pool.running";

    /// <summary>Requests that wait at the engines of a pool.</summary>
    public const string Waiting = "pool.waiting";

    /// <summary>The slowest SM clock of a pool in MHz.</summary>
    public const string Clock = "pool.clock";

    /// <summary>Mean time per output token of the answers that ended, in seconds.</summary>
    public const string PerToken = "pool.tpot";

    /// <summary>Requests a second of a route and variant by outcome.</summary>
    public const string Requests = "route.requests";

    /// <summary>Answers in time a second of a route and variant.</summary>
    public const string InTime = "route.intime";

    /// <summary>Sum of declared quality a second of a route and variant.</summary>
    public const string Quality = "route.quality";

    /// <summary>95th percentile of the time to first token of a route, in seconds.</summary>
    public const string FirstToken = "route.ttft95";

    /// <summary>Requests that wait for room at a route's replicas.</summary>
    public const string Queued = "route.queued";

    /// <summary>Requests by the room that a route's replicas have; above 1 requests wait.</summary>
    public const string Saturation = "route.saturation";

    /// <summary>Bytes that the slowest replica of a store's shard has not confirmed.</summary>
    public const string Lag = "store.lag";

    /// <summary>Requests a second that a service answered.</summary>
    public const string Served = "service.requests";

    /// <summary>Share of them that failed.</summary>
    public const string Failing = "service.failing";

    /// <summary>Their mean duration in seconds.</summary>
    public const string Duration = "service.seconds";

    /// <summary>Calls a second from one service to another.</summary>
    public const string Calls = "call.requests";

    /// <summary>Share of them that failed.</summary>
    public const string CallFailing = "call.failing";

    /// <summary>Their mean duration in seconds.</summary>
    public const string CallDuration = "call.seconds";
}
