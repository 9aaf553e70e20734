using Prometheus;

namespace Ops.Router;

/// <summary>The router's own metrics. Label values are routes, variants, pools and error codes: bounded by the configuration.</summary>
internal sealed class RouterMetrics
{
    private static readonly string[] ByVariant = ["route", "variant"];

    private readonly Counter _requests;
    private readonly Counter _deadlineMet;
    private readonly Counter _quality;
    private readonly Counter _tokens;
    private readonly Histogram _firstToken;
    private readonly Histogram _perToken;
    private readonly Histogram _readingQuality;
    private readonly Gauge _inFlight;
    private readonly Counter _refused;
    private readonly Counter _failures;
    private readonly Counter _energy;
    private readonly Counter _ejections;
    private readonly Counter _retriesDenied;
    private readonly Counter _hedges;
    private readonly Gauge _held;

    internal RouterMetrics(Func<long> bufferedBytes)
    {
        Registry = Metrics.NewCustomRegistry();
        DotNetStats.Register(Registry);
        var factory = Metrics.WithCustomRegistry(Registry);
        _requests = factory.CreateCounter("ops_router_requests_total", "Requests by outcome: answered, rejected (429, 503), failed (upstream), cancelled (by the client). A rejected request has no variant.", "route", "variant", "outcome");
        _deadlineMet = factory.CreateCounter("ops_router_deadline_met_total", "Answered requests whose last byte came before the route's hard deadline.", ByVariant);
        _quality = factory.CreateCounter("ops_router_quality_sum", "Sum of the declared quality (0..1) of answered requests.", ByVariant);
        _tokens = factory.CreateCounter("ops_router_tokens_total", "Tokens by direction: prompt, completion. As reported by the engine, else estimated.", "route", "variant", "direction");
        _firstToken = factory.CreateHistogram("ops_router_ttft_seconds", "Streams: from the request's arrival to the first byte of the answer.", ByVariant, new HistogramConfiguration { Buckets = [.005, .01, .025, .05, .1, .15, .25, .4, .6, 1, 1.5, 2.5, 5, 10, 20, 40, 80] });
        _perToken = factory.CreateHistogram("ops_router_tpot_seconds", "Streams: mean time between output tokens of one answer.", ByVariant, new HistogramConfiguration { Buckets = [.002, .004, .006, .008, .01, .015, .02, .025, .03, .04, .05, .075, .1, .15, .25, .5, 1] });
        _readingQuality = factory.CreateHistogram("ops_router_stream_qoe", "Streams: quality of experience 0..1, how well the events kept up with a reader who expects the first token at the route's timeToFirstToken and then one each timePerOutputToken.", ByVariant, new HistogramConfiguration { Buckets = [.1, .2, .3, .4, .5, .6, .7, .8, .9, .95, .98, .99, 1] });
        _inFlight = factory.CreateGauge("ops_router_inflight", "Requests at a replica now.", ByVariant);
        _refused = factory.CreateCounter("ops_router_refused_total", "Requests that never reached a choice, by error code.", "code");
        _failures = factory.CreateCounter("ops_router_attempt_failures_total", "Failed attempts by kind; a retried request has several.", "route", "variant", "failure");
        _energy = factory.CreateCounter("ops_router_pool_energy_joules_total", "GPU joules of a pool since this router first saw its pods. Every router counts the same joules.", "namespace", "pool");
        _ejections = factory.CreateCounter("ops_router_ejections_total", "Replicas that others were preferred to for a while, by the failure that decided it; health for unanswered questions after their health.", "namespace", "pool", "reason");
        _retriesDenied = factory.CreateCounter("ops_router_retries_denied_total", "Attempts that were not repeated because the route's retry budget was spent.", "route");
        _hedges = factory.CreateCounter("ops_router_hedges_total", "Requests that a second replica was asked for as well, by who began to answer first: first, second.", "route", "winner");
        _held = factory.CreateGauge("ops_router_held_requests", "Requests that wait for a pool's first replica, by the pool that they would like best.", "namespace", "pool");
        LogDropped = factory.CreateCounter("ops_router_access_log_dropped_total", "Access log lines dropped because the log could not be written fast enough.");
        Scrapes = factory.CreateCounter("ops_router_scrapes_total", "Reads of replicas' metrics by result: ok, failed.", "result");
        Inference = new InferenceMetrics(factory);
        Policies = new PolicyMetrics(factory);
        Energies = new EnergyMetrics(factory);
        var buffered = factory.CreateGauge("ops_router_buffered_bytes", "Bytes of request bodies held now.");
        Registry.AddBeforeCollectCallback(() => buffered.Set(bufferedBytes()));
    }

    internal CollectorRegistry Registry { get; }

    /// <summary>The same figures under the names of the Gateway API inference extension.</summary>
    internal InferenceMetrics Inference { get; }

    /// <summary>What is made of learned policies.</summary>
    internal PolicyMetrics Policies { get; }

    /// <summary>Joules by request and tenant.</summary>
    internal EnergyMetrics Energies { get; }

    internal Counter LogDropped { get; }

    internal Counter Scrapes { get; }

    internal void Refused(string code) => _refused.WithLabels(code).Inc();

    internal void Rejected(string route) => _requests.WithLabels(route, "", Outcomes.Rejected).Inc();

    internal void AttemptFailed(string route, string variant, UpstreamFailure failure) => _failures.WithLabels(route, variant, Name(failure)).Inc();

    internal void Energy(string ns, string pool, double joules) => _energy.WithLabels(ns, pool).Inc(joules);

    internal void Ejected(string ns, string pool, string reason) => _ejections.WithLabels(ns, pool, reason).Inc();

    internal void RetryDenied(string route) => _retriesDenied.WithLabels(route).Inc();

    internal void Hedged(string route, bool secondWins) => _hedges.WithLabels(route, secondWins ? "second" : "first").Inc();

    internal void Held(string ns, string pool, int requests)
    {
        if (requests > 0)
            _held.WithLabels(ns, pool).Set(requests);
        else
            _held.RemoveLabelled(ns, pool);
    }

    /// <summary>The series of a route's variant, looked up once instead of once a request.</summary>
    internal VariantMetrics Of(string route, string variant, string model, string target) => new()
    {
        Inference = Inference.Of(model, target),
        Answered = _requests.WithLabels(route, variant, Outcomes.Answered),
        Failed = _requests.WithLabels(route, variant, Outcomes.Failed),
        Cancelled = _requests.WithLabels(route, variant, Outcomes.Cancelled),
        DeadlineMet = _deadlineMet.WithLabels(route, variant),
        Quality = _quality.WithLabels(route, variant),
        PromptTokens = _tokens.WithLabels(route, variant, "prompt"),
        CompletionTokens = _tokens.WithLabels(route, variant, "completion"),
        FirstToken = _firstToken.WithLabels(route, variant),
        PerToken = _perToken.WithLabels(route, variant),
        ReadingQuality = _readingQuality.WithLabels(route, variant),
        InFlight = _inFlight.WithLabels(route, variant),
    };

    /// <summary>Forgets a variant that left the configuration, so that renamed routes do not pile up.</summary>
    internal void Forget(string route, string variant, string model, string target)
    {
        Inference.Forget(model, target);
        Energies.Forget(route, variant);
        foreach (var outcome in (string[])[Outcomes.Answered, Outcomes.Failed, Outcomes.Cancelled])
            _requests.RemoveLabelled(route, variant, outcome);
        foreach (var direction in (string[])["prompt", "completion"])
            _tokens.RemoveLabelled(route, variant, direction);
        foreach (var failure in Enum.GetValues<UpstreamFailure>())
            _failures.RemoveLabelled(route, variant, Name(failure));
        _deadlineMet.RemoveLabelled(route, variant);
        _quality.RemoveLabelled(route, variant);
        _firstToken.RemoveLabelled(route, variant);
        _perToken.RemoveLabelled(route, variant);
        _readingQuality.RemoveLabelled(route, variant);
        _inFlight.RemoveLabelled(route, variant);
    }

    internal static string Name(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.None => "none",
        UpstreamFailure.Connect => "connect",
        UpstreamFailure.ConnectTimeout => "connect_timeout",
        UpstreamFailure.Tls => "tls",
        UpstreamFailure.Reset => "reset",
        UpstreamFailure.FirstByteTimeout => "first_byte_timeout",
        UpstreamFailure.Busy => "busy",
        UpstreamFailure.ServerError => "server_error",
        UpstreamFailure.Died => "died",
        UpstreamFailure.IdleTimeout => "idle_timeout",
        UpstreamFailure.TotalTimeout => "total_timeout",
        _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, message: null),
    };
}

/// <summary>How a request ended.</summary>
internal static class Outcomes
{
    internal const string Answered = "answered";
    internal const string Rejected = "rejected";
    internal const string Failed = "failed";
    internal const string Cancelled = "cancelled";

    /// <summary>Refused as it stands (4xx); in the access log only, since it says nothing about a route.</summary>
    internal const string Refused = "refused";
}

/// <summary>The series of one variant of a route.</summary>
internal sealed class VariantMetrics
{
    public required InferenceSeries Inference { get; init; }

    public required Counter.Child Answered { get; init; }

    public required Counter.Child Failed { get; init; }

    public required Counter.Child Cancelled { get; init; }

    public required Counter.Child DeadlineMet { get; init; }

    public required Counter.Child Quality { get; init; }

    public required Counter.Child PromptTokens { get; init; }

    public required Counter.Child CompletionTokens { get; init; }

    public required Histogram.Child FirstToken { get; init; }

    public required Histogram.Child PerToken { get; init; }

    public required Histogram.Child ReadingQuality { get; init; }

    public required Gauge.Child InFlight { get; init; }
}
