using System.Collections.Immutable;
using StackExchange.Redis;

namespace Ops.Storage.Access;

/// <summary>
/// Keeps the users of Redis and Valkey nodes while they run. Nodes hold them in memory and do not tell each other, so each is
/// asked once a second: one that came back without them has them again with the next look.
/// </summary>
internal sealed class RedisUsers(TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    // What each node was given. Lost with the operator, and then every user is given once more, which changes nothing.
    private ImmutableDictionary<string, ImmutableDictionary<string, GivenUser>> _given = ImmutableDictionary<string, ImmutableDictionary<string, GivenUser>>.Empty;
    private ImmutableArray<string> _wanted;
    private long _looked;

    /// <summary>Looks at all nodes when it is time to, or when other users are wanted, and puts right what differs.</summary>
    /// <returns>What was found; null when not looked at now.</returns>
    internal async Task<UsersReport?> KeepAsync(IReadOnlyDictionary<string, IServer> nodes, IReadOnlyCollection<StoreUser> users, CancellationToken cancellation)
    {
        ImmutableArray<string> wanted = [.. users.Select(user => user.Definition)];
        if (_looked != 0 && time.GetElapsedTime(_looked) < BetweenLooks && wanted.SequenceEqual(_wanted))
            return null;
        (_looked, _wanted) = (time.GetTimestamp(), wanted);
        var looks = (await Task.WhenAll(nodes.Select(node => KeepAsync(node.Key, node.Value, users, cancellation)))).OfType<Look>().ToList();
        _given = looks.ToImmutableDictionary(look => look.Node.Member, look => look.Node.Given);
        return new UsersReport(
            [.. looks.Select(look => look.Node.Member)],
            users.ToImmutableDictionary(user => user.Name, user => looks.Count(look => look.Node.Has(user))),
            looks.SelectMany(look => look.Refused).DistinctBy(refused => refused.Key).ToImmutableDictionary(),
            looks.Sum(look => look.Given),
            looks.Sum(look => look.Removed));
    }

    private async Task<Look?> KeepAsync(string member, IServer server, IReadOnlyCollection<StoreUser> users, CancellationToken cancellation)
    {
        try
        {
            var node = new MemberUsers(member, await LinesAsync(server), _given.GetValueOrDefault(member, ImmutableDictionary<string, GivenUser>.Empty));
            var steps = UserPlanner.Next(node, users);
            if (steps.IsEmpty)
                return new Look(node, ImmutableDictionary<string, string>.Empty, 0, 0);
            var (taken, refused) = (new List<StoreUser>(), ImmutableDictionary<string, string>.Empty);
            foreach (var step in steps)
            {
                cancellation.ThrowIfCancellationRequested();
                if (step is UserStep.Remove remove)
                    await server.ExecuteAsync("ACL", "DELUSER", remove.Name);
                if (step is not UserStep.Give { User: var user })
                    continue;
                if (await GiveAsync(server, user) is { } words)
                    refused = refused.SetItem(user.Name, words);
                else
                    taken.Add(user);
            }

            return new Look(node.After(taken, await LinesAsync(server)), refused, taken.Count, steps.OfType<UserStep.Remove>().Count());
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // It went away in between. What it was given is forgotten, so it is given all of it again.
            return null;
        }
    }

    // Why the engine did not take it; then it stays as it was.
    private static async Task<string?> GiveAsync(IServer server, StoreUser user)
    {
        try
        {
            await server.ExecuteAsync("ACL", ["SETUSER", user.Name, .. user.Words]);
        }
        catch (RedisServerException refusal)
        {
            return refusal.Message.Replace(user.Digest!, "...", StringComparison.Ordinal);
        }

        // Who is switched off stays logged in until its connections are cut.
        if (!user.Enabled)
            await server.ExecuteAsync("CLIENT", "KILL", "USER", user.Name);
        return null;
    }

    // user shop on sanitize-payload #30c9... ~cart:* resetchannels -@all +@read
    private static async Task<ImmutableDictionary<string, string>> LinesAsync(IServer server) =>
        ((string?[]?)await server.ExecuteAsync("ACL", "LIST") ?? [])
            .OfType<string>()
            .Select(line => (Words: line.Split(' ', 3), Line: line))
            .Where(one => one.Words is ["user", _, _])
            .DistinctBy(one => one.Words[1])
            .ToImmutableDictionary(one => one.Words[1], one => one.Line);

    private sealed record Look(MemberUsers Node, ImmutableDictionary<string, string> Refused, int Given, int Removed);
}
