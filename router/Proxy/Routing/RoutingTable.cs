using System.Collections.Immutable;
using Ops.Api;
using Ops.Picking;

namespace Ops.Router;

/// <summary>The configuration that the cluster holds, at one moment. Immutable; replaced as a whole.</summary>
/// <param name="Routes">Routes by distinct model names.</param>
/// <param name="Keys">Who may ask.</param>
internal sealed record RoutingTable(ImmutableArray<RouteConfig> Routes, ApiKeys Keys)
{
    internal static readonly RoutingTable Empty = new([], ApiKeys.None);

    /// <summary>Addresses of replicas that sleep.</summary>
    internal IEnumerable<string> Asleep() => Routes.SelectMany(route => route.Variants).SelectMany(variant => variant.Sleeping).Select(replica => replica.Url);

    /// <summary>The table with some of them awake.</summary>
    internal RoutingTable With(IReadOnlySet<string> woken) => this with
    {
        Routes = [.. Routes.Select(route => route with { Variants = [.. route.Variants.Select(variant => variant.With(woken))] })],
    };
}

/// <summary>One ModelRoute, ready to be served.</summary>
internal sealed record RouteConfig
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>The model name that clients send.</summary>
    public required string Model { get; init; }

    /// <summary>Seconds since 1970, for the list of models.</summary>
    public long CreatedAt { get; init; }

    public bool Suspended { get; init; }

    public Objective Objective { get; init; } = Objective.Default;

    public IPolicy Policy { get; init; } = new PricePolicy();

    /// <summary>The learned policy that the route asks for; null when it asks for another one. The fleet puts it on trial.</summary>
    public LearnedConfig? Learned { get; init; }

    /// <summary>How a replica is picked; the memory of prefixes is the fleet's to add.</summary>
    public PickRules Pick { get; init; } = PickRules.Default;

    /// <summary>Header with the session's id.</summary>
    public string SessionHeader { get; init; } = new AffinitySpec().EffectiveSessionHeader;

    /// <summary>Whether answers say what they are expected to cost.</summary>
    public bool EnergyHeader { get; init; }

    /// <summary>Attempts in all, 1 to <see cref="TriedReplicas.Capacity"/>.</summary>
    public int Attempts { get; init; } = 2;

    /// <summary>Retries by 100 requests, beyond a few that are always free.</summary>
    public int RetryPercent { get; init; } = 20;

    /// <summary>After this long without the beginning of an answer a second replica is asked too; null for never.</summary>
    public TimeSpan? HedgeAfter { get; init; }

    public UpstreamTimeouts Timeouts { get; init; } = UpstreamTimeouts.Default;

    public AdmissionConfig Admission { get; init; } = AdmissionConfig.Default;

    /// <summary>Task names; the first is "default".</summary>
    public ImmutableArray<string> Tasks { get; init; } = [RouteSnapshot.DefaultTask];

    /// <summary>Pools that answer.</summary>
    public required ImmutableArray<VariantConfig> Variants { get; init; }

    /// <summary>Pools that only read prompts for them.</summary>
    public ImmutableArray<VariantConfig> Prefill { get; init; } = [];

    /// <summary>Uncached prompt tokens from which on one of them is asked.</summary>
    public int PrefillThreshold { get; init; } = PrefillSpec.DefaultThreshold;
}

/// <summary>A pool as a choice of a route.</summary>
internal sealed record VariantConfig
{
    public required string Pool { get; init; }

    /// <summary>The model's name as the pool's engine knows it; replaces the name that the client sent.</summary>
    public required string Model { get; init; }

    /// <summary>The LoRA adapter that <see cref="Model"/> names; null when it is a base model.</summary>
    public string? Adapter { get; init; }

    /// <summary>Expected quality by task index.</summary>
    public required ImmutableArray<double> Quality { get; init; }

    /// <summary>Time and energy of the model on the pool's GPUs; null where nothing was measured.</summary>
    public ServingCurve? Curve { get; init; }

    /// <summary>Requests that a replica works on at once at most, where the pool says so.</summary>
    public int? MaxSequences { get; init; }

    /// <summary>Whether there is such a pool, so that a replica may yet come.</summary>
    public bool Exists { get; init; } = true;

    /// <summary>Ready replicas.</summary>
    public required ImmutableArray<ReplicaAddress> Replicas { get; init; }

    /// <summary>Replicas whose weights sleep, or are on their way to it or back.</summary>
    public ImmutableArray<ReplicaAddress> Sleeping { get; init; } = [];

    /// <summary>The variant with some of its sleeping replicas awake.</summary>
    internal VariantConfig With(IReadOnlySet<string> woken) => this with
    {
        Replicas = [.. Replicas, .. Sleeping.Where(replica => woken.Contains(replica.Url))],
        Sleeping = [.. Sleeping.Where(replica => !woken.Contains(replica.Url))],
    };
}

/// <summary>Where a ready replica listens.</summary>
/// <param name="Name">The pod's name, or the address when the endpoint names no pod.</param>
/// <param name="Url">http://ADDRESS:PORT without a trailing slash; https for TLS.</param>
/// <param name="Protocol">How it is spoken to.</param>
/// <param name="TlsName">The name that its certificate must have; null without TLS.</param>
internal sealed record ReplicaAddress(string Name, string Url, UpstreamProtocol Protocol = UpstreamProtocol.Http1, string? TlsName = null)
{
    /// <summary>The GPUs that it runs on, where its pool or another shares them; null where it has them for itself.</summary>
    public GpuSlice? Gpus { get; init; }
}

/// <summary>Some GPUs of a pod.</summary>
/// <param name="Pod">The pod's name.</param>
/// <param name="First">The first of its GPUs.</param>
/// <param name="Count">How many.</param>
internal sealed record GpuSlice(string Pod, int First, int Count)
{
    /// <summary>Whether the two have a GPU in common.</summary>
    internal bool Meets(GpuSlice other) => Pod == other.Pod && First < other.First + other.Count && other.First < First + Count;
}

/// <summary>Time limits of one attempt.</summary>
/// <param name="Connect">Until the connection stands.</param>
/// <param name="FirstByte">From the request's last byte to the response body's first.</param>
/// <param name="Idle">Between two pieces of the response body.</param>
internal sealed record UpstreamTimeouts(TimeSpan Connect, TimeSpan FirstByte, TimeSpan Idle)
{
    // A timer takes at most 49 days; nobody means more than a day.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    internal static readonly UpstreamTimeouts Default = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30));

    public TimeSpan Connect { get; } = Bounded(Connect);

    public TimeSpan FirstByte { get; } = Bounded(FirstByte);

    public TimeSpan Idle { get; } = Bounded(Idle);

    /// <summary>From the request's arrival to the answer's last byte, retries included; null for no limit.</summary>
    public TimeSpan? Total { get; init; }

    /// <summary>How long a request is held while its route has no replica at all; 0 for not at all.</summary>
    public TimeSpan ReplicaReady { get; init; }

    private static TimeSpan Bounded(TimeSpan value) => value > Longest ? Longest : value;
}
