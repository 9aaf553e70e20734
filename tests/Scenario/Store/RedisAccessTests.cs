using System.Collections.Immutable;
using Ops.Storage.Access;
using Ops.Storage.Engines;
using Ops.Storage.Planning;
using Ops.Testing;

namespace Ops.StoreScenario;

/// <summary>Passwords of real nodes, changed while they run.</summary>
public sealed class RedisAccessTests
{
    [Fact]
    public async Task A_node_that_has_an_earlier_password_gets_the_present_one_and_a_stranger_is_named()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var redis = await RedisBinary.FindAsync(cancellation);
        Assert.SkipWhen(redis is null, RedisBinary.Missing);
        await using var nodes = RedisNodes.Redis(redis!, "--requirepass", "first", "--masterauth", "first");
        await nodes.StartAsync("s0-0", cancellation);
        await nodes.StartAsync("s0-1", cancellation);
        await using var engine = new RedisEngine(TimeProvider.System);

        (await KeepAsync(engine, nodes, new("first", [], []))).ShouldBeEmpty();
        (await engine.ObserveAsync(nodes.Members, StoreGoal.LongestAnswer, cancellation)).Nodes.Count.ShouldBe(2);
        (await KeepAsync(engine, nodes, new("second", [], ["first"]))).ShouldBeEmpty();
        (await engine.ObserveAsync(nodes.Members, StoreGoal.LongestAnswer, cancellation)).Nodes.Count.ShouldBe(2);

        // It comes again as it was started; a password that nobody knows is reported.
        await nodes.StartAsync("s0-1", cancellation);
        (await KeepAsync(engine, nodes, new("second", [], []))).ShouldBe(["s0-1"]);
        (await KeepAsync(engine, nodes, new("third", ["second"], ["first"]))).ShouldBeEmpty();
        (await engine.ObserveAsync(nodes.Members, StoreGoal.LongestAnswer, cancellation)).Nodes.Count.ShouldBe(2);
    }

    // It looks once a second at most.
    private static async Task<IReadOnlyList<string>> KeepAsync(RedisEngine engine, RedisNodes nodes, StorePasswords passwords)
    {
        for (var round = 0; round < 600; round++)
        {
            if (await engine.KeepAccessAsync(nodes.Members, passwords, TestContext.Current.CancellationToken) is { } refusing)
                return refusing;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException("the passwords were not looked at in a minute");
    }
}
