namespace Ops.Contract.Tests;

/// <summary>
/// The second half of check 37, and check 45. They run alone, after all others: a server that forgets its history
/// would break the watches of checks beside them.
/// </summary>
[Collection(nameof(CompactionCollection))]
public abstract class CompactionChecks(IServer server) : ContractTest(server)
{
    [Fact]
    public async Task An_expired_continue_token_is_Expired_and_brings_one_that_goes_on()
    {
        await Create(Widget("w1"));
        await Create(Widget("w2"));
        var page = await Api.Get(WidgetsPath + "?limit=1");
        await Create(Widget("w3"));
        Assert.SkipUnless(Server.TryCompact(), "this server compacts when it likes (every five minutes)");
        var expired = (await Api.Get($"{WidgetsPath}?limit=1&continue={Uri.EscapeDataString(page.TextAt("metadata.continue")!)}")).Expect(410, "Expired");
        Names((await Api.Get($"{WidgetsPath}?limit=1&continue={Uri.EscapeDataString(expired.TextAt("metadata.continue")!)}")).Expect(200)).ShouldBe(["w2"]);
    }

    [Fact]
    public async Task A_watch_from_a_version_too_old_is_one_error_event()
    {
        await Create(Widget("w1"));
        Server.TryCompact();
        await Create(Widget("w2"));
        using var watch = await Api.Watch(WidgetsPath + "?watch=true&resourceVersion=1");
        watch.Code.ShouldBe(200);
        var error = await watch.Next();
        error["type"]!.ToString().ShouldBe("ERROR");
        error["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        error["object"]!["reason"]!.ToString().ShouldBe("Expired");
        (await watch.NextOrEnd(false, TimeSpan.FromSeconds(10))).ShouldBeNull();
    }
}

[CollectionDefinition(nameof(CompactionCollection), DisableParallelization = true)]
public sealed class CompactionCollection;

public sealed class CompactionOnSandbox(SandboxServer server) : CompactionChecks(server);

public sealed class CompactionOnRealServer(RealServer server) : CompactionChecks(server);
