using Ops.Storage.Access;
using Ops.Storage.Engines;
using Ops.Storage.Planning;
using Ops.Testing;
using StackExchange.Redis;

namespace Ops.StoreScenario;

/// <summary>Users of real nodes, made, changed and removed while they run.</summary>
public sealed class RedisUsersTests
{
    private static readonly StoreUser Shop = new("shop", StorePasswords.Digest("first"), true, ["~cart:*", "resetchannels", "+@read", "+@write", "+@connection", "-@dangerous"]);
    private static readonly StoreUser Guest = new("guest", StorePasswords.Digest("guest"), true, ["~*", "resetchannels", "+@connection"]);

    [Fact]
    public async Task Users_may_what_they_shall_on_every_node_and_whatever_differs_is_put_right()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var redis = await RedisBinary.FindAsync(cancellation);
        Assert.SkipWhen(redis is null, RedisBinary.Missing);
        await using var nodes = RedisNodes.Redis(redis!, "--requirepass", "own");
        await nodes.StartAsync("s0-0", cancellation);
        await nodes.StartAsync("s0-1", cancellation);
        await using var engine = new RedisEngine(TimeProvider.System);
        await engine.KeepAccessAsync(nodes.Members, new("own", [], []), cancellation);

        await LookUntilAsync(engine, nodes, [Shop, Guest], report => report.InForce is { Count: 2 } && report.InForce.Values.All(count => count == 2));
        foreach (var member in nodes.Members.Keys)
        {
            (await AskAsync(nodes, member, "shop", "first", "PING")).ShouldBe("PONG");
            // A node without slots refuses every key, but only one that the user may touch.
            (await AskAsync(nodes, member, "shop", "first", "GET", "cart:1")).ShouldStartWith("CLUSTERDOWN");
            (await AskAsync(nodes, member, "shop", "first", "SET", "price:1", "0")).ShouldStartWith("NOPERM");
            (await AskAsync(nodes, member, "shop", "first", "FLUSHALL")).ShouldStartWith("NOPERM");
            (await AskAsync(nodes, member, "guest", "guest", "GET", "cart:1")).ShouldStartWith("NOPERM");
        }

        // Another password and fewer rights for one: who is logged in stays so, and the other is not touched.
        await using (var open = await LogInAsync(nodes, "s0-0", "shop", "first"))
        {
            var changed = Shop with { Digest = StorePasswords.Digest("second"), Rules = ["~cart:*", "resetchannels", "+@read", "+@connection"] };
            await LookUntilAsync(engine, nodes, [changed, Guest], report => report.InForce["shop"] == 2);
            (await AskAsync(nodes, "s0-1", "shop", "first", "PING")).ShouldBe("refused");
            (await AskAsync(nodes, "s0-1", "shop", "second", "PING")).ShouldBe("PONG");
            (await AskAsync(open, "PING")).ShouldBe("PONG");
            (await AskAsync(open, "SET", "cart:1", "0")).ShouldStartWith("NOPERM");
        }

        // By hand: more rights, a stranger, one removed; and a node that starts anew. All is found with the next looks.
        var wanted = new List<StoreUser> { Shop, Guest };
        await LookUntilAsync(engine, nodes, wanted, report => report.InForce["shop"] == 2);
        await using (var own = await LogInAsync(nodes, "s0-0", null, "own"))
        {
            (await AskAsync(own, "ACL", "SETUSER", "shop", "+@all", "~*")).ShouldBe("OK");
            (await AskAsync(own, "ACL", "SETUSER", "stranger", "on", "nopass", "+@all", "~*")).ShouldBe("OK");
            (await AskAsync(own, "ACL", "DELUSER", "guest")).ShouldBe("1");
        }

        await nodes.StartAsync("s0-1", cancellation);
        await LookUntilAsync(engine, nodes, wanted, report => report.Asked.Count == 2 && report.InForce.Values.All(count => count == 2));
        (await AskAsync(nodes, "s0-0", "shop", "first", "SET", "price:1", "0")).ShouldStartWith("NOPERM");
        (await AskAsync(nodes, "s0-0", "stranger", "x", "PING")).ShouldBe("refused");
        (await AskAsync(nodes, "s0-1", "guest", "guest", "PING")).ShouldBe("PONG");

        // What the engine refuses is told and changes nothing; who is switched off or no longer listed is cut off.
        await using (var open = await LogInAsync(nodes, "s0-0", "guest", "guest"))
        {
            var wrong = await LookUntilAsync(engine, nodes, [Shop with { Rules = ["+nonsense"] }, Guest with { Enabled = false }], report => report.InForce["guest"] == 2);
            wrong.Refused["shop"].ShouldContain("'+nonsense': Unknown command");
            wrong.InForce["shop"].ShouldBe(0);
            (await AskAsync(nodes, "s0-0", "shop", "first", "PING")).ShouldBe("PONG");
            (await AskAsync(nodes, "s0-0", "guest", "guest", "PING")).ShouldBe("refused");
            (await AskAsync(open, "PING")).ShouldNotBe("PONG");
        }

        await LookUntilAsync(engine, nodes, [], report => report.Asked.Count == 2);
        (await AskAsync(nodes, "s0-0", "shop", "first", "PING")).ShouldBe("refused");
        await using var last = await LogInAsync(nodes, "s0-1", null, "own");
        (await AskAsync(last, "ACL", "USERS")).ShouldBe("default");
    }

    // It looks once a second at most, and a node may just be away.
    private static async Task<UsersReport> LookUntilAsync(RedisEngine engine, RedisNodes nodes, IReadOnlyCollection<StoreUser> users, Func<UsersReport, bool> holds)
    {
        UsersReport? last = null;
        for (var round = 0; round < 600; round++)
        {
            var view = await engine.ObserveAsync(nodes.Members, StoreGoal.LongestAnswer, TestContext.Current.CancellationToken);
            if (await engine.KeepUsersAsync(view, users, TestContext.Current.CancellationToken) is { } report && holds(last = report))
                return report;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException($"in a minute the users did not become as they should: {last}");
    }

    private static async Task<string> AskAsync(RedisNodes nodes, string member, string user, string password, params string[] command)
    {
        try
        {
            await using var connection = await LogInAsync(nodes, member, user, password);
            return await AskAsync(connection, command);
        }
        catch (RedisConnectionException refused) when (refused.FailureType == ConnectionFailureType.AuthenticationFailure)
        {
            return "refused";
        }
    }

    private static async Task<string> AskAsync(ConnectionMultiplexer connection, params string[] command)
    {
        try
        {
            var answer = await connection.GetServers()[0].ExecuteAsync(command[0], [.. command.Skip(1).Cast<object>()]);
            return answer.Length >= 0 ? string.Join(' ', (string?[])answer!) : (string?)answer ?? "";
        }
        catch (RedisException refusal)
        {
            return refusal.Message;
        }
    }

    private static Task<ConnectionMultiplexer> LogInAsync(RedisNodes nodes, string member, string? user, string password)
    {
        var options = NodeOptions.Of(nodes.Members[member], password, null, TimeSpan.FromSeconds(20));
        options.User = user;
        return ConnectionMultiplexer.ConnectAsync(options);
    }
}
