using Ops.Picking;

namespace Ops.Router;

/// <summary>Writes down what a finished answer was worth: counts, times and tokens, in the metrics and in the access log.</summary>
internal sealed class Accounting(RouterMetrics metrics, IOutputLengthEstimator lengths, CarbonIntensity? carbon, TimeProvider time)
{
    /// <summary>Notes a request that has come, for a policy that learns from what it gets.</summary>
    internal void Arrived(Exchange exchange)
    {
        if (exchange.Route is not { Config.Policy: GuardedPolicy policy, Snapshot: var snapshot })
            return;
        var task = snapshot.TaskIndex(exchange.Task);
        policy.Explorer.Outcomes.Arrived(time.ToMs(exchange.StartedAt), exchange.Parsed.EstimatedPromptTokens, snapshot.Variants[snapshot.ByQuality[task][0]].Quality[task]);
    }

    /// <summary>Accounts for a request that its route turned away, whatever the reason.</summary>
    internal OpenAiError Rejected(Exchange exchange, OpenAiError error)
    {
        metrics.Rejected(exchange.Route.Label);
        metrics.Inference.Error(exchange.Route.Config.Model, "", error.Code);
        Judge(exchange, 0);
        exchange.Entry.Outcome = Outcomes.Rejected;
        exchange.Entry.Code = error.Code;
        return error;
    }

    /// <summary>Accounts for a request whose last attempt failed.</summary>
    internal void Failed(Exchange exchange, LiveVariant variant, OpenAiError error)
    {
        variant.Metrics.Failed.Inc();
        Judge(exchange, 0);
        metrics.Inference.Error(exchange.Route.Config.Model, variant.Config.Model, error.Code);
        exchange.Entry.Outcome = Outcomes.Failed;
        exchange.Entry.Code = error.Code;
    }

    /// <summary>Accounts for an answer that reached its client whole.</summary>
    internal void Answered(Exchange exchange, LiveVariant variant, int? status)
    {
        // The request itself was at fault: that is no answer, and no failure of the route either.
        if (status is >= 400)
        {
            metrics.Refused("upstream_refused");
            return;
        }

        var entry = exchange.Entry;
        var observer = exchange.Observer;
        entry.Outcome = Outcomes.Answered;
        entry.PromptTokens = observer.ReportedPromptTokens ?? entry.PromptTokens;
        entry.CompletionTokens = observer.CompletionTokens ?? 0;
        var series = variant.Metrics;
        series.Answered.Inc();
        series.PromptTokens.Inc(entry.PromptTokens);
        series.CompletionTokens.Inc(entry.CompletionTokens);
        CountJoules(exchange, variant);
        var quality = variant.Config.Quality[exchange.Route.Snapshot.TaskIndex(exchange.Task)];
        series.Quality.Inc(quality);
        var seconds = time.GetElapsedTime(exchange.StartedAt).TotalSeconds;
        Judge(exchange, quality * Worth(exchange, seconds));
        series.Inference.Observe(seconds, entry.BodyBytes, observer.Bytes, entry.PromptTokens, entry.CompletionTokens);
        if (seconds <= exchange.Route.Config.Objective.HardDeadline)
            series.DeadlineMet.Inc();
        if (entry.CompletionTokens > 0)
            lengths.Observe(exchange.Length, entry.CompletionTokens);
        if (observer.FirstByteAt == 0)
            return;
        entry.FirstByteMilliseconds = time.GetElapsedTime(exchange.StartedAt, observer.FirstByteAt).TotalMilliseconds;
        if (!observer.IsEventStream)
            return;
        series.FirstToken.Observe(time.GetElapsedTime(exchange.StartedAt, observer.FirstByteAt).TotalSeconds);
        if (observer.ReadingQuality is { } reading)
            series.ReadingQuality.Observe(reading);
        if (entry.CompletionTokens > 1)
            series.PerToken.Observe(time.GetElapsedTime(observer.FirstByteAt, observer.LastByteAt).TotalSeconds / (entry.CompletionTokens - 1));
    }

    // The batch as last seen at the replica by all routers, this request included, stands for all of its steps.
    private void CountJoules(Exchange exchange, LiveVariant variant)
    {
        if (variant.Config.Curve is not { } curve)
            return;
        var entry = exchange.Entry;
        var batch = 1;
        foreach (var replica in variant.Replicas)
        {
            if (ReferenceEquals(replica.Name, entry.Replica))
                batch = Math.Max(1, Math.Max(replica.Load.InFlight, replica.Figures?.Running ?? 0));
        }

        var joules = curve.ShareOfJoules(batch, entry.PromptTokens, entry.CompletionTokens);
        entry.Joules = joules;
        metrics.Energies.Add(exchange.Route.Label, variant.Config.Pool, exchange.Caller.Tenant, joules, carbon?.Grams(joules, time.GetUtcNow()));
    }

    // Quality delivered is what a policy on trial is judged by, and what it learns from.
    private void Judge(Exchange exchange, double delivered)
    {
        if (exchange.Route.Config.Policy is not GuardedPolicy policy)
            return;
        var now = time.NowMs();
        policy.Trial.Report(exchange.ChosenAtMs ?? now, delivered);
        policy.Explorer.Outcomes.Report(exchange.ChosenAtMs ?? now, now, delivered);
    }

    private double Worth(Exchange exchange, double seconds)
    {
        var objective = exchange.Route.Config.Objective;
        var worth = objective.Worth(seconds);
        if (exchange.Observer is not { IsEventStream: true, FirstByteAt: > 0 and var first })
            return worth;
        var firstToken = time.GetElapsedTime(exchange.StartedAt, first).TotalSeconds;
        return worth * Math.Min(1, objective.TimeToFirstToken / Math.Max(firstToken, 1e-9));
    }
}
