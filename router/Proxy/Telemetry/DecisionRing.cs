using Ops.Picking;

namespace Ops.Router;

/// <summary>One choice as people are told of it: lengths and predictions, nothing of the prompt, the client or its key.</summary>
internal sealed record Decision(DateTimeOffset At, string Policy, string Task, int PromptTokens, int? MaxTokens, double ExpectedTokens, bool Stream, int Attempt, string Outcome, string? Chosen, Explanation Why)
{
    /// <summary>Tells of a choice.</summary>
    internal static Decision Of(DateTimeOffset at, Exchange exchange, in RequestFeatures features, in TriedReplicas tried, in Choice choice)
    {
        var (route, snapshot, task) = (exchange.Route, exchange.Route.Snapshot, features.Task);
        return new(
            at, route.Config.Policy.Name, snapshot.Tasks.FirstOrDefault(one => one.Value == task).Key ?? RouteSnapshot.DefaultTask,
            features.PromptTokens, features.MaxTokens, Math.Round(features.ExpectedOutputTokens, 1), features.Streaming, tried.Count + 1,
            choice.Kind.ToString(), choice.Kind == ChoiceKind.Chosen ? route.Variants[choice.Variant].Config.Pool : null,
            Explanation.Of(snapshot, route.Config.Policy, features, tried));
    }
}

/// <summary>A few of a route's newest choices: at most four a second are kept, so that telling them costs a busy router nothing.</summary>
internal sealed class DecisionRing
{
    // 16 s of a busy route. With the most variants a route can have, 32 of 128 bytes each, 64 choices are 256 KB.
    private const int Capacity = 64;
    private const long EveryMs = 250;

    private readonly Lock _gate = new();
    private readonly Queue<Decision> _newest = new(Capacity);
    private long _dueAtMs = long.MinValue;

    /// <summary>Whether a choice of now is one to keep; true for one caller only.</summary>
    internal bool IsDue(long nowMs)
    {
        var due = Volatile.Read(ref _dueAtMs);
        return nowMs >= due && Interlocked.CompareExchange(ref _dueAtMs, nowMs + EveryMs, due) == due;
    }

    /// <summary>Keeps a choice; the oldest makes way.</summary>
    internal void Add(Decision decision)
    {
        lock (_gate)
        {
            if (_newest.Count == Capacity)
                _newest.Dequeue();
            _newest.Enqueue(decision);
        }
    }

    /// <summary>The newest first.</summary>
    internal Decision[] Read()
    {
        lock (_gate)
            return [.. _newest.Reverse()];
    }
}
