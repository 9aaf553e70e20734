namespace Ops.Picking;

/// <summary>
/// sessionAffinity: 1 for the session's home, 0 for all others. The home is the replica that this router last sent the
/// session to, because its cache holds the conversation; for a session that this router does not know it is the replica
/// with the largest rendezvous hash, so that several routers agree without talking and a replica that leaves moves only
/// its own sessions.
/// </summary>
internal static class SessionAffinityScorer
{
    /// <summary>The replica with the largest claim is the home.</summary>
    /// <param name="session">The session's hash.</param>
    /// <param name="identity">The replica's identity, the same in every router.</param>
    /// <param name="rank">0 for the cache that served the session last, growing with age; -1 for one that never did.</param>
    internal static ulong Claim(ulong session, ulong identity, int rank) => rank >= 0
        ? ulong.MaxValue - (uint)rank
        : KeyHash.Mix(session ^ identity) >> 1;
}
