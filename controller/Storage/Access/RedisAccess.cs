using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;
using StackExchange.Redis;

namespace Ops.Storage.Access;

/// <summary>
/// Keeps the passwords of Redis and Valkey nodes while they run: the default user's by ACL SETUSER with digests, and what
/// replicas show by CONFIG SET masterauth. No restart, and no connection that is open is cut.
/// </summary>
internal sealed class RedisAccess(TimeProvider time)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    // Three stages, and one look that finds nothing to do.
    private const int Stages = 4;

    private (StorePasswords Passwords, ImmutableSortedDictionary<string, StoreAddress> Members)? _done;
    private long _looked;

    /// <summary>Sees to it that every node that answers has the passwords; cheap while nothing changed.</summary>
    /// <param name="members">The members.</param>
    /// <param name="passwords">What is wanted.</param>
    /// <param name="trust">Whom to trust; null without TLS.</param>
    /// <param name="silent">Whether a member did not answer when the store was last observed.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Members that refuse every password that is known.</returns>
    internal async Task<IReadOnlyList<string>?> KeepAsync(ImmutableSortedDictionary<string, StoreAddress> members, StorePasswords passwords, StoreTrust? trust, bool silent, CancellationToken cancellation)
    {
        var changed = _done is not { } done || !Same(done.Passwords, passwords) || !done.Members.SequenceEqual(members);
        if ((!changed && !silent) || (_looked != 0 && time.GetElapsedTime(_looked) < BetweenLooks))
            return null;
        _looked = time.GetTimestamp();
        var doors = await Task.WhenAll(members.Where(member => member.Value != default).Select(member => OpenAsync(member.Key, member.Value, passwords, trust, cancellation)));
        try
        {
            var open = doors.Where(door => door.Server is not null).ToDictionary(door => door.Member, door => door.Server!);
            await BringAboutAsync(open, passwords);
            _done = doors.All(door => door.Server is not null) ? (passwords, members) : null;
            return [.. doors.Where(door => door.Refused).Select(door => door.Member)];
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // A node went away in between; what is then seen decides anew.
            return null;
        }
        finally
        {
            foreach (var door in doors)
            {
                if (door.Connection is not null)
                    await door.Connection.DisposeAsync();
            }
        }
    }

    private static async Task BringAboutAsync(Dictionary<string, IServer> open, StorePasswords passwords)
    {
        for (var stage = 0; stage < Stages; stage++)
        {
            var seen = await Task.WhenAll(open.Select(door => LookAsync(door.Key, door.Value)));
            var steps = AccessPlanner.Next(seen, passwords);
            if (steps.IsEmpty)
                return;
            await Task.WhenAll(steps.Select(step => ExecuteAsync(step, open[step.Member], passwords)));
        }
    }

    private static Task ExecuteAsync(AccessStep step, IServer server, StorePasswords passwords) => step switch
    {
        AccessStep.Accept accept => server.ExecuteAsync("ACL", "SETUSER", "default", "#" + accept.Digest),
        AccessStep.Drop drop => server.ExecuteAsync("ACL", "SETUSER", "default", "!" + drop.Digest),
        _ => server.ExecuteAsync("CONFIG", "SET", "masterauth", passwords.Current),
    };

    private static async Task<MemberAccess> LookAsync(string member, IServer server)
    {
        // ["flags", ["on", "allkeys"], "passwords", ["9f86..."], ...] and ["masterauth", "..."]
        var user = ((RedisResult[]?)await server.ExecuteAsync("ACL", "GETUSER", "default"))!;
        var shown = (string?)((RedisResult[]?)await server.ExecuteAsync("CONFIG", "GET", "masterauth"))![1];
        return new MemberAccess(member, [.. Fact("passwords")], Fact("flags").Contains("nopass"), string.IsNullOrEmpty(shown) ? null : StorePasswords.Digest(shown));

        string[] Fact(string name) => [.. ((string?[]?)user[Array.FindIndex(user, one => one.Length < 0 && (string?)one == name) + 1] ?? []).OfType<string>()];
    }

    // A connection that knows of no other node, with the first password that the node takes.
    private static async Task<Door> OpenAsync(string member, StoreAddress address, StorePasswords passwords, StoreTrust? trust, CancellationToken cancellation)
    {
        foreach (var password in passwords.Keys)
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                var connection = await ConnectionMultiplexer.ConnectAsync(NodeOptions.Of(address, password, trust, AnswerWithin));
                return new Door(member, connection, connection.GetServer(address.Host, address.Port), Refused: false);
            }
            catch (RedisConnectionException refused) when (refused.FailureType == ConnectionFailureType.AuthenticationFailure)
            {
                // The next one.
            }
            catch (RedisException)
            {
                return new Door(member, null, null, Refused: false);
            }
        }

        return new Door(member, null, null, Refused: true);
    }

    private static bool Same(StorePasswords one, StorePasswords other) =>
        one.Current == other.Current && one.Kept.SequenceEqual(other.Kept) && one.Earlier.SequenceEqual(other.Earlier);

    private sealed record Door(string Member, ConnectionMultiplexer? Connection, IServer? Server, bool Refused);
}
