using Ops.Dashboard.Access;

namespace Ops.Dashboard.Tests;

/// <summary>What a page knows of its user's rights while answers are slow, late or missing.</summary>
public sealed class Rights_rules
{
    private static readonly DecisionRights Nobody = new([], true, true, true);
    private static readonly DecisionRights Ada = new(["ada"], true, true, true);

    private readonly KnownRights rights = new();
    private readonly List<TaskCompletionSource<DecisionRights?>> asked = [];
    private string version = "";

    [Fact]
    public async Task A_slow_answer_from_before_a_change_is_replaced()
    {
        var first = AskAsync();
        version = "ada";
        (await AskAsync()).ShouldBeFalse("one round at a time");
        asked.Single().SetResult(Nobody);
        asked.Count.ShouldBe(2, "what changed meanwhile is asked in another round");
        asked[1].SetResult(Ada);

        (await first).ShouldBeTrue();
        rights.In("shop").ShouldBe(Ada);
        (await AskAsync()).ShouldBeFalse();
        asked.Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_not_known_is_not_allowed_and_asked_again()
    {
        var first = AskAsync();
        asked[0].SetResult(Ada);
        await first;
        version = "ada again";
        var second = AskAsync();
        asked[1].SetResult(null);
        await second;
        rights.In("shop").ShouldBe(DecisionRights.None);

        var third = AskAsync();
        asked[2].SetResult(Ada);
        await third;
        rights.In("shop").ShouldBe(Ada);
        rights.In("another").ShouldBe(DecisionRights.None);
        rights.In(null).ShouldBe(DecisionRights.None);
    }

    private Task<bool> AskAsync() => rights.AskAsync(() => (["shop"], version), _ =>
    {
        asked.Add(new());
        return asked[^1].Task;
    });
}
