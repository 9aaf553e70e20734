using System.Collections.Immutable;

namespace Ops.Picking;

/// <summary>One ready replica as last observed. Immutable apart from the shared <see cref="Load"/>.</summary>
public readonly record struct ReplicaState
{
    /// <summary>Metrics older than this say nothing about the present; own counts are used instead.</summary>
    public const long StaleAfterMs = 5_000;

    /// <summary>Name for people, usually the pod's.</summary>
    public required string Name { get; init; }

    /// <summary>Base address without a trailing slash, for example http://127.10.0.3:8000.</summary>
    public required string Address { get; init; }

    /// <summary>This router's own view: in-flight requests and recent failures.</summary>
    public required ReplicaLoad Load { get; init; }

    /// <summary>
    /// Identity of the replica's KV cache in the <see cref="PrefixIndex"/>; 0 for none, as where the engine keeps no prompt for
    /// later ones. A restarted engine has a new one.
    /// </summary>
    public ushort Cache { get; init; }

    /// <summary>Identity that is the same in every router.</summary>
    public ulong Identity => KeyHash.Of(Name.AsSpan());

    /// <summary>Engines of other variants on its GPUs; default or empty where it has them for itself.</summary>
    public ImmutableArray<Neighbour> Neighbours { get; init; }

    /// <summary>How the replica stands to the variant's adapter.</summary>
    public LoraPresence Lora { get; init; }

    /// <summary>When the figures below were read, in milliseconds; null when never.</summary>
    public long? ObservedAtMs { get; init; }

    /// <summary><see cref="ReplicaLoad.InFlight"/> at that moment: those requests are part of the figures.</summary>
    public int OwnAtObservation { get; init; }

    /// <summary>Requests in the engine's batch.</summary>
    public int Running { get; init; }

    /// <summary>Requests in the engine's queue.</summary>
    public int Waiting { get; init; }

    /// <summary>The batch size at which requests were last seen to queue; 0 when never seen.</summary>
    public int BatchLimit { get; init; }

    /// <summary>Share of the KV cache in use, 0..1.</summary>
    public double KvCacheUsage { get; init; }

    /// <summary>Requests that finish a second while the batch is full; 0 when unknown.</summary>
    public double FinishRate { get; init; }

    /// <summary>Prefill seconds by prompt token, recent mean; 0 when unknown.</summary>
    public double SecondsPerPromptToken { get; init; }

    /// <summary>Decode seconds by output token, recent mean; 0 when unknown.</summary>
    public double SecondsPerOutputToken { get; init; }

    /// <summary>Output tokens by request, mean; 0 when unknown.</summary>
    public double MeanOutputTokens { get; init; }

    /// <summary>How many engines of other variants its GPUs have.</summary>
    internal int NeighbourCount => Neighbours.IsDefault ? 0 : Neighbours.Length;

    /// <summary>Seconds of prompts that other variants have on its busiest GPU.</summary>
    internal double NeighboursBacklogSeconds
    {
        get
        {
            var most = 0.0;
            if (!Neighbours.IsDefault)
            {
                foreach (ref readonly var neighbour in Neighbours.AsSpan())
                    most = Math.Max(most, neighbour.BacklogSeconds);
            }

            return most;
        }
    }

    /// <summary>Whether the observed figures may be used at <paramref name="nowMs"/>.</summary>
    public bool IsFresh(long nowMs) => nowMs <= FreshUntilMs;

    /// <summary>The last moment at which the figures may be used.</summary>
    internal long FreshUntilMs => ObservedAtMs is { } at ? at + StaleAfterMs : long.MinValue;

    /// <summary>
    /// Requests at the replica now. The scrape counted what all routers had sent; what this router has sent and
    /// finished since then is added. Never below this router's own count.
    /// </summary>
    public int Outstanding(long nowMs)
    {
        var own = Load.InFlight;
        return IsFresh(nowMs) ? Math.Max(own, Running + Waiting + own - OwnAtObservation) : own;
    }
}
