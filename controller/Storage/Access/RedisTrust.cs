using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using StackExchange.Redis;

namespace Ops.Storage.Access;

/// <summary>
/// Lets Redis and Valkey nodes read their certificate again while they run. No restart, and no connection that is open is cut.
/// The files change some time after the Secret does, so the nodes are told until each presents the new certificate.
/// </summary>
internal sealed class RedisTrust(TimeProvider time)
{
    // A kubelet brings a changed Secret into its pods within its sync period of 60 to 90 s.
    private static readonly TimeSpan FilesFollowWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan WhileStale = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WhileFollowing = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AtRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);
    private static readonly ImmutableHashSet<string> Files = ["tls-cert-file", "tls-key-file", "tls-ca-cert-file"];

    private string? _digest;
    private long _since;
    private long _looked;
    private bool _stale;

    /// <summary>Tells nodes to read their files again where that is due; cheap while it is not.</summary>
    /// <returns>Members that present another certificate although their files had the time to follow; null when not looked at now.</returns>
    internal async Task<IReadOnlyList<string>?> KeepAsync(ImmutableSortedDictionary<string, StoreAddress> members, StoreTrust trust, string? password, CancellationToken cancellation)
    {
        if (_digest != trust.Digest)
            (_digest, _since, _looked, _stale) = (trust.Digest, time.GetTimestamp(), 0, true);
        var following = time.GetElapsedTime(_since) < FilesFollowWithin;
        if (_looked != 0 && time.GetElapsedTime(_looked) < (_stale ? WhileStale : following ? WhileFollowing : AtRest))
            return null;
        _looked = time.GetTimestamp();
        // Of a changed root alone nothing is seen from outside, so while files may still change all nodes are told.
        var seen = await Task.WhenAll(members.Where(member => member.Value != default).Select(member => TellAsync(member.Key, member.Value, trust, password, always: following, cancellation)));
        ImmutableArray<string> stale = [.. seen.Where(node => node.Presented is { } other && other != trust.Certificate).Select(node => node.Member)];
        _stale = !stale.IsEmpty;
        return following ? [] : stale;
    }

    private static async Task<(string Member, string? Presented)> TellAsync(string member, StoreAddress address, StoreTrust trust, string? password, bool always, CancellationToken cancellation)
    {
        string? presented = null;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            await using var connection = await ConnectionMultiplexer.ConnectAsync(NodeOptions.Of(address, password, trust, AnswerWithin, certificate => presented = certificate));
            if (always || presented != trust.Certificate)
                await ReadAgainAsync(connection.GetServer(address.Host, address.Port));
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // Down, or its files are half of the old certificate and half of the new one: told again with the next look.
        }

        return (member, presented);
    }

    // ["tls-key-file", "/etc/store/tls/tls.key", ...]: where the files are is asked of the node, whose view of them counts.
    private static async Task ReadAgainAsync(IServer server)
    {
        var answer = ((string?[]?)await server.ExecuteAsync("CONFIG", "GET", "tls-*-file"))!;
        var files = answer.Chunk(2).Where(pair => pair is [{ } name, { Length: > 0 }] && Files.Contains(name)).SelectMany(pair => pair.Select(word => (object)word!));
        await server.ExecuteAsync("CONFIG", ["SET", .. files]);
    }
}
