namespace Ops.Picking;

/// <summary>
/// How far affinity may load one replica above the others, after consistent hashing with bounded loads (Mirrokni,
/// Thorup, Zadimoghaddam, 2018): a replica is not taken when it would then have more than
/// <see cref="Factor"/> x mean + <see cref="Slack"/> outstanding requests.
/// </summary>
/// <param name="Factor">Multiple of the mean over the variant's replicas that may be chosen; at least 1.</param>
/// <param name="Slack">Requests on top, so that a few requests can share a warm cache on an idle pool; at least 1.</param>
public sealed record LoadBound(float Factor, int Slack)
{
    /// <summary>A quarter above the mean, and 4 requests.</summary>
    public static readonly LoadBound Default = new(1.25f, 4);

    /// <summary>Multiple of the mean; below 1 no replica could be above it and none would be left.</summary>
    public float Factor { get; } = Factor >= 1 ? Factor : 1;

    /// <summary>Requests on top.</summary>
    public int Slack { get; } = Math.Max(1, Slack);

    /// <summary>Most outstanding requests of one replica. The least loaded one always has fewer, because Slack is at least 1.</summary>
    internal float Limit(long outstanding, int replicas) => ((float)outstanding / replicas * Factor) + Slack;
}
