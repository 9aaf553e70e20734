using Ops.Picking;

namespace Ops.Router;

/// <summary>Makes a choice's features of a request, and an answer of a choice that found nothing.</summary>
internal sealed class ReplicaChoice(TimeProvider time)
{
    // About the time that a pod needs to pass its next readiness probe.
    private const int NotReadyRetrySeconds = 5;

    private int _spread;

    /// <summary>Chooses a variant and a replica for the next attempt.</summary>
    internal Choice Choose(Exchange exchange, in TriedReplicas tried)
    {
        var snapshot = exchange.Route.Snapshot;
        var now = time.GetTimestamp();
        var arrivals = exchange.Route.Arrivals;
        // A retry is no new arrival.
        if (tried.Count == 0)
        {
            arrivals.Record(time.ToMs(now), exchange.Parsed.EstimatedPromptTokens);
            exchange.ChosenAtMs = time.ToMs(now);
        }

        var features = new RequestFeatures
        {
            Task = snapshot.TaskIndex(exchange.Task),
            PromptTokens = exchange.Parsed.EstimatedPromptTokens,
            PromptBlocks = exchange.Parsed.Prompt.Blocks,
            CacheSalt = exchange.CacheSalt,
            Session = exchange.Session,
            MaxTokens = exchange.Parsed.MaxTokens,
            ExpectedOutputTokens = exchange.ExpectedOutputTokens,
            Streaming = exchange.Parsed.Stream,
            NowMs = time.ToMs(now),
            IsRetry = tried.Count > 0,
            ElapsedSeconds = time.GetElapsedTime(exchange.StartedAt, now).TotalSeconds,
            Rates = arrivals.Read(time.ToMs(now)),
            Spread = (uint)Interlocked.Increment(ref _spread),
        };
        var choice = Chooser.Choose(snapshot, exchange.Route.Config.Policy, features, tried);
        if (exchange.Route.Memory.Decisions.IsDue(features.NowMs))
            exchange.Route.Memory.Decisions.Add(Decision.Of(time.GetUtcNow(), exchange, features, tried, choice));
        exchange.Prefill = null;
        if (choice.Kind != ChoiceKind.Chosen)
            return choice;
        Chooser.Sent(snapshot, features, choice);
        exchange.ExpectedJoules = choice.MarginalJoules;
        // A retry goes without: it may have failed because of the replica that was to read the prompt.
        if (tried.Count == 0 && exchange.Route.PrefillFor(exchange.Route.Variants[choice.Variant]) is { } stage)
            exchange.Prefill = stage.Choose(features, choice, exchange.Route.Config.PrefillThreshold);
        return choice;
    }

    /// <summary>What the client gets when nothing was chosen.</summary>
    internal static OpenAiError Rejection(LiveRoute route, in Choice choice) => choice.Kind switch
    {
        ChoiceKind.Saturated => new OpenAiError(429, "queue_full", $"Every variant of {route.Label} would start this request only after its hard deadline of {route.Config.Objective.HardDeadline} s. Try again in {choice.RetryAfterSeconds} s, or add replicas.", RetryAfterSeconds: choice.RetryAfterSeconds),
        ChoiceKind.Declined => new OpenAiError(429, "overloaded", $"{route.Label} is so loaded that serving this request would take more from others than it gives. Try again in {choice.RetryAfterSeconds} s, or add replicas.", RetryAfterSeconds: choice.RetryAfterSeconds),
        _ => NoReplica(route),
    };

    /// <summary>What the client gets when a route has no replica.</summary>
    internal static OpenAiError NoReplica(LiveRoute route) =>
        new(503, "no_replica_ready", $"No replica of {route.Label} is ready. Try again in {NotReadyRetrySeconds} s; kubectl get modelpools -n {route.Config.Namespace} shows why.", RetryAfterSeconds: NotReadyRetrySeconds);
}
