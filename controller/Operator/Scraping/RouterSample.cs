using Ops.Kube;
using Ops.Planning.Routes;

namespace Ops.Operator.Scraping;

/// <summary>One row of a router's counters.</summary>
/// <param name="Route">The route as the router labels it.</param>
/// <param name="Variant">The pool's name; empty for requests that reached no variant.</param>
internal readonly record struct RouteVariant(string Route, string Variant);

/// <summary>What a router counted for a route and a variant since its start.</summary>
internal sealed record RouteCounters
{
    /// <summary>Requests that got a whole answer.</summary>
    public double Answered { get; set; }

    /// <summary>Requests that were refused or failed. Those that the client gave up are nobody's failure and not counted.</summary>
    public double Lost { get; set; }

    /// <summary>Answers before the hard deadline.</summary>
    public double InTime { get; set; }

    /// <summary>Sum of the declared quality of the answers.</summary>
    public double Quality { get; set; }

    /// <summary>Generated tokens.</summary>
    public double Tokens { get; set; }

    /// <summary>Tokens of the prompts.</summary>
    public double PromptTokens { get; set; }

    /// <summary>What was added since an earlier reading of the same router.</summary>
    public RouteCounters Since(RouteCounters? before) => new()
    {
        Answered = Gain(before?.Answered, Answered),
        Lost = Gain(before?.Lost, Lost),
        InTime = Gain(before?.InTime, InTime),
        Quality = Gain(before?.Quality, Quality),
        Tokens = Gain(before?.Tokens, Tokens),
        PromptTokens = Gain(before?.PromptTokens, PromptTokens),
    };

    // A row appears with its first request, so an absent one was zero.
    private static double Gain(double? before, double now) => PoolWindow.Increase(before ?? 0, now) ?? 0;
}

/// <summary>What one router said at one moment.</summary>
internal sealed record RouterSample
{
    /// <summary>Monotonic seconds.</summary>
    public required double At { get; init; }

    /// <summary>Its rows.</summary>
    public Dictionary<RouteVariant, RouteCounters> Rows { get; } = [];

    /// <summary>Requests that wait for a pool without a replica.</summary>
    public Dictionary<ObjectKey, double> Held { get; } = [];

    /// <summary>What it makes of learned policies, by route.</summary>
    public Dictionary<string, PolicyReport> Policies { get; } = [];

    /// <summary>Reads a router's exposition.</summary>
    public static RouterSample Read(ReadOnlySpan<char> exposition, double at)
    {
        var result = new RouterSample { At = at };
        PrometheusText.Read(exposition, result.Take);
        return result;
    }

    private void Take(ReadOnlySpan<char> name, ReadOnlySpan<char> labels, double value)
    {
        switch (name)
        {
            case "ops_router_requests_total" when PrometheusText.Label(labels, "outcome") is { } outcome:
                if (outcome == "answered")
                    Row(labels).Answered += value;
                else if (outcome is "rejected" or "failed")
                    Row(labels).Lost += value;
                break;
            case "ops_router_deadline_met_total":
                Row(labels).InTime += value;
                break;
            case "ops_router_quality_sum":
                Row(labels).Quality += value;
                break;
            case "ops_router_tokens_total" when PrometheusText.Label(labels, "direction") == "completion":
                Row(labels).Tokens += value;
                break;
            case "ops_router_tokens_total" when PrometheusText.Label(labels, "direction") == "prompt":
                Row(labels).PromptTokens += value;
                break;
            case "ops_router_policy_info" when value == 1:
                Policies[PrometheusText.Label(labels, "route") ?? ""] = new(
                    PrometheusText.Label(labels, "policy") ?? "", PrometheusText.Label(labels, "standing") ?? "", PrometheusText.Label(labels, "message") ?? "");
                break;
            case "ops_router_held_requests":
                var pool = new ObjectKey(PrometheusText.Label(labels, "namespace"), PrometheusText.Label(labels, "pool") ?? "");
                Held[pool] = Held.GetValueOrDefault(pool) + value;
                break;
        }
    }

    private RouteCounters Row(ReadOnlySpan<char> labels)
    {
        var key = new RouteVariant(PrometheusText.Label(labels, "route") ?? "", PrometheusText.Label(labels, "variant") ?? "");
        return Rows.TryGetValue(key, out var row) ? row : Rows[key] = new();
    }
}
