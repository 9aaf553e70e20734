using System.Collections.Immutable;
using System.Globalization;
using Ops.Storage.Access;
using Ops.Storage.Cluster;
using Ops.Storage.Load;
using Ops.Storage.Planning;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>Redis Cluster and Valkey Cluster, over the client that their users have too.</summary>
public sealed class RedisEngine : IStoreEngine
{
    private static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan HandOverPoll = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly Since _silent;
    private readonly Since _doubted;
    private readonly LifeSigns _signs;
    private readonly LoadSampler _sampler;
    private readonly RedisAccess _access;
    private readonly RedisTrust _trusting;
    private readonly RedisUsers _users;
    private ConnectionMultiplexer? _connections;
    private string? _password;
    private StoreTrust? _trust;
    private (string? Password, string? Trust) _connectedWith;
    private ImmutableHashSet<StoreAddress> _addresses = [];

    /// <summary>Creates the engine; nothing is connected yet.</summary>
    /// <param name="time">The clock that silence is measured on.</param>
    public RedisEngine(TimeProvider time)
    {
        _time = time;
        (_silent, _doubted, _signs) = (new Since(time), new Since(time), new LifeSigns(time));
        (_access, _trusting, _users, _sampler) = (new RedisAccess(time), new RedisTrust(time), new RedisUsers(time), new LoadSampler(time));
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>?> KeepAccessAsync(ImmutableSortedDictionary<string, StoreAddress> members, StorePasswords passwords, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(passwords);
        var refusing = await _access.KeepAsync(members, passwords, _trust, silent: _silent.Any, cancellation);
        // Connections that are open stay so with the password that they were opened with.
        _password = passwords.Current;
        return refusing;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>?> KeepTrustAsync(ImmutableSortedDictionary<string, StoreAddress> members, StoreTrust trust, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(trust);
        _trust = trust;
        return _trusting.KeepAsync(members, trust, _password, cancellation);
    }

    /// <inheritdoc/>
    public Task<UsersReport?> KeepUsersAsync(StoreView view, IReadOnlyCollection<StoreUser> users, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(users);
        return _users.KeepAsync(view.Nodes.ToDictionary(node => node.Key, node => Server(node.Value)), users, cancellation);
    }

    /// <inheritdoc/>
    public async Task<StoreView> ObserveAsync(ImmutableSortedDictionary<string, StoreAddress> members, TimeSpan answerWithin, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(members);
        await ConnectAsync(members.Values);
        var asked = _time.GetTimestamp();
        var mute = _signs.LookAsync([.. members.Where(member => member.Value != default && _silent.Holds(member.Key))], answerWithin, cancellation);
        var answers = await Task.WhenAll(members.Select(member => WaitAsync(AskAsync(member.Key, member.Value), answerWithin, cancellation)));
        cancellation.ThrowIfCancellationRequested();

        var view = new StoreView
        {
            Nodes = answers.Select(answer => answer.Node).OfType<NodeView>().ToImmutableSortedDictionary(node => node.Member, node => node),
            Silent = _silent.HowLong([.. members.Keys.Zip(answers).Where(one => one.Second.Node is null).Select(one => one.First)], asked, answerWithin),
            Mute = (await mute).RemoveRange(answers.Where(answer => answer.Node is not null).Select(answer => answer.Node!.Member)),
            Nonsense = members.Keys.Zip(answers).Where(one => one.Second.Nonsense is not null).ToImmutableDictionary(one => one.First, one => one.Second.Nonsense!),
        };
        return view with { Doubted = _doubted.HowLong([.. Testimony.Of(view, []).Select(one => one.Node.Member)], _time.GetTimestamp(), TimeSpan.Zero) };
    }

    /// <inheritdoc/>
    public async Task<LoadSample?> SampleLoadAsync(StoreView view, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(view);
        try
        {
            return await _sampler.SampleAsync([.. view.Nodes.Values.Where(node => node.IsPrimary && !node.Slots.IsEmpty).Select(node => (node, Server(node)))], cancellation);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            throw new StoreEngineException($"the load of the slots is not known: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async Task<(long Cursor, long Keys)> CopyKeysAsync(StoreAddress from, long cursor, StoreView view, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(view);
        try
        {
            return await new KeyCopier(_time, _password, _trust).CopyAsync(from, cursor, view, cancellation);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new StoreEngineException($"keys are not copied from {from}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(StoreStep step, StoreView view, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(step);
        return CarryOutAsync(step, () => step switch
        {
            StoreStep.SetEpoch set => Tell(set.Node, "SET-CONFIG-EPOCH", set.Epoch),
            StoreStep.Meet meet => Tell(meet.Node, "MEET", meet.Other.Address.Host, meet.Other.Address.Port),
            StoreStep.AddSlots add => Tell(add.Node, ["ADDSLOTSRANGE", .. add.Slots.Ranges().SelectMany(range => (object[])[range.First, range.Last])]),
            StoreStep.Replicate replicate => Tell(replicate.Node, "REPLICATE", replicate.Primary.Id),
            StoreStep.Migrate migrate => ReplicaMigration.BeginAsync(Server(migrate.Node), migrate.Primary.Id),
            StoreStep.AllowFailover allow => ReplicaMigration.EndAsync(Server(allow.Node)),
            StoreStep.Promote promote => Tell(promote.Node, "FAILOVER", promote.Takeover ? "TAKEOVER" : "FORCE"),
            StoreStep.HandOver over => HandOverAsync(over, cancellation),
            StoreStep.Forget forget => Tell(forget.Node, "FORGET", forget.Id),
            StoreStep.Stabilise stabilise => Tell(stabilise.Node, "SETSLOT", stabilise.Slot, "STABLE"),
            StoreStep.MoveSlot move => new SlotMover(Server(move.From), Server(move.To), _password).MoveAsync(move, view, Server, cancellation),
            _ => throw new StoreEngineException($"the engine has no command for {step.GetType().Name}"),
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connections is not null)
            await _connections.DisposeAsync();
    }

    /// <summary>
    /// Promotes where the engine elects nobody. Nor does the promoted node tell anybody: the others hear of it by gossip, up to
    /// a second later, and send clients to the old primary until then. Whom it meets takes in at once what it has become.
    /// </summary>
    internal Task PromoteAsync(StoreStep.Promote promote, StoreView view, CancellationToken cancellation) => CarryOutAsync(promote, async () =>
    {
        await Tell(promote.Node, "FAILOVER", promote.Takeover ? "TAKEOVER" : "FORCE");
        await UntilPrimaryAsync(promote.Node, promote, cancellation);
        await Task.WhenAll(view.Nodes.Values.Where(other => other.Id != promote.Node.Id).Select(other => Tell(promote.Node, "MEET", other.Address.Host, other.Address.Port)));
    });

    private static async Task CarryOutAsync(StoreStep step, Func<Task> tell)
    {
        try
        {
            await tell();
        }
        catch (Exception refusal) when (refusal is RedisException or RedisCommandException)
        {
            throw new StoreEngineException($"{step}: {refusal.Message}", refusal);
        }
        catch (TimeoutException late)
        {
            throw new StoreEngineException($"{step}: no answer within {StoreGoal.LongestAnswer.TotalSeconds:0} s", late);
        }
    }

    private async Task<(NodeView? Node, string? Nonsense)> WaitAsync(Task<(NodeView? Node, string? Nonsense)> asking, TimeSpan within, CancellationToken cancellation)
    {
        try
        {
            return await asking.WaitAsync(within, _time, cancellation);
        }
        catch (TimeoutException)
        {
            return (null, null);
        }
    }

    private async Task<(NodeView? Node, string? Nonsense)> AskAsync(string member, StoreAddress address)
    {
        if (address == default)
            return (null, null);
        try
        {
            var server = Server(address);
            var nodes = server.ExecuteAsync("CLUSTER", "NODES");
            var cluster = server.ExecuteAsync("CLUSTER", "INFO");
            var replication = server.InfoRawAsync("replication");
            var stats = server.InfoRawAsync("stats");
            var keys = server.DatabaseSizeAsync();
            await Task.WhenAll(nodes, cluster, replication, stats, keys).WaitAsync(StoreGoal.LongestAnswer, _time);
            var facts = Facts(await replication ?? "");
            var counters = Facts(await stats ?? "");
            var node = NodesText.Read(member, address, (string?)await nodes ?? "") with
            {
                Serves = Facts((string?)await cluster ?? "").GetValueOrDefault("cluster_state") == "ok",
                Keys = await keys,
                OperationsPerSecond = Number(counters.GetValueOrDefault("instantaneous_ops_per_sec")),
                KeysRead = Number(counters.GetValueOrDefault("keyspace_hits")) + Number(counters.GetValueOrDefault("keyspace_misses")),
                Offset = Number(facts.GetValueOrDefault("slave_repl_offset") ?? facts.GetValueOrDefault("master_repl_offset")),
                LinkUp = facts.GetValueOrDefault("master_link_status") == "up",
                CopiesFrom = facts.TryGetValue("master_host", out var host) ? new StoreAddress(host, (int)Number(facts.GetValueOrDefault("master_port"))) : null,
                // Garnet writes True where the others write 1.
                Copying = facts.GetValueOrDefault("master_sync_in_progress") is "1" or "True",
            };
            // Perhaps too late for the look that asked.
            _silent.End(member);
            return (node, null);
        }
        catch (FormatException nonsense)
        {
            return (null, nonsense.Message);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Down, or loading its data, or asked over connections that others have taken the place of since.
            return (null, null);
        }
    }

    // The engine gives itself 5 s and then leaves all as it was. Until then nobody may ask again: it would begin anew.
    private async Task HandOverAsync(StoreStep.HandOver over, CancellationToken cancellation)
    {
        await Tell(over.Node, "FAILOVER");
        await UntilPrimaryAsync(over.Node, over, cancellation);
    }

    private async Task UntilPrimaryAsync(NodeView node, StoreStep step, CancellationToken cancellation)
    {
        var begun = _time.GetTimestamp();
        while (_time.GetElapsedTime(begun) < HandOverWithin)
        {
            if ((string?)((RedisResult[]?)await Server(node).ExecuteAsync("ROLE"))?[0] == "master")
                return;
            await Task.Delay(HandOverPoll, _time, cancellation);
        }

        throw new StoreEngineException($"{step}: {node.Member} is no primary after {HandOverWithin.TotalSeconds:0} s");
    }

    private Task Tell(NodeView node, params object[] command) => Server(node).ExecuteAsync("CLUSTER", command);

    private IServer Server(NodeView node) => Server(node.Address);

    // The client would refuse commands to a node that was a replica when it looked last, which may be before an election. What
    // the nodes are is known from them, and one that is a replica refuses by itself.
    private IServer Server(StoreAddress address)
    {
        var server = _connections!.GetServer(address.Host, address.Port);
        server.AllowReplicaWrites = true;
        return server;
    }

    // One connection a node. A change of addresses makes all of them anew, which happens about as often as pods restart.
    private async Task ConnectAsync(IEnumerable<StoreAddress> wanted)
    {
        var addresses = wanted.Where(address => address != default).ToImmutableHashSet();
        if (addresses.IsEmpty || (_connections is not null && addresses.SetEquals(_addresses) && _connectedWith == (_password, _trust?.Digest)))
            return;
        var options = new ConfigurationOptions
        {
            AbortOnConnectFail = false,
            AllowAdmin = true,
            ClientName = CommandSample.OwnName,
            ConnectTimeout = (int)StoreGoal.LongestAnswer.TotalMilliseconds,
            AsyncTimeout = (int)StoreGoal.LongestAnswer.TotalMilliseconds,
            BacklogPolicy = BacklogPolicy.FailFast,
            ReconnectRetryPolicy = new LinearRetry(500),
            // Version 3 prefixes the text of CLUSTER NODES with its format.
            Protocol = RedisProtocol.Resp2,
            TieBreaker = "",
            ConfigurationChannel = "",
            Password = _password,
        };
        NodeOptions.Secure(options, _trust);
        foreach (var address in addresses)
            options.EndPoints.Add(address.Host, address.Port);
        var fresh = await ConnectionMultiplexer.ConnectAsync(options);
        if (_connections is not null)
            await _connections.DisposeAsync();
        (_connections, _addresses, _connectedWith) = (fresh, addresses, (_password, _trust?.Digest));
    }

    // role:slave\r\nmaster_link_status:up\r\nslave_repl_offset:1234
    private static Dictionary<string, string> Facts(string info)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in info.Split('\n', StringSplitOptions.TrimEntries))
        {
            var colon = line.IndexOf(':');
            if (colon > 0)
                facts[line[..colon]] = line[(colon + 1)..];
        }

        return facts;
    }

    private static long Number(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
