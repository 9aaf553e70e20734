namespace Ops.Router.Tests;

public sealed class RetryBudgetTests
{
    private const long Now = 1_000_000;

    [Fact]
    public void A_quiet_route_may_retry_a_little()
    {
        var budget = new RetryBudget();
        Spend(budget, Now, 1_000).ShouldBe(RetryBudget.FreePerWindow);
    }

    [Fact]
    public void A_busy_route_may_retry_its_share_of_requests_and_no_more()
    {
        var budget = new RetryBudget();
        for (var i = 0; i < 1_000; i++)
            budget.Earn(Now);
        Spend(budget, Now, 1_000).ShouldBe(RetryBudget.FreePerWindow + 200);
    }

    [Fact]
    public void What_was_spent_is_earned_again_and_what_lies_back_is_forgotten()
    {
        var budget = new RetryBudget();
        for (var i = 0; i < 1_000; i++)
            budget.Earn(Now);
        Spend(budget, Now, 1_000);

        budget.TrySpend(Now + 10_001, 20).ShouldBeFalse();
        Spend(budget, Now + 40_000, 1_000).ShouldBe(RetryBudget.FreePerWindow);
    }

    [Fact]
    public void Many_threads_together_spend_no_more_than_one()
    {
        var budget = new RetryBudget();
        for (var i = 0; i < 1_000; i++)
            budget.Earn(Now);
        var spent = 0;
        Parallel.For(0, 4, _ => Interlocked.Add(ref spent, Spend(budget, Now, 1_000)));
        spent.ShouldBe(RetryBudget.FreePerWindow + 200);
    }

    private static int Spend(RetryBudget budget, long now, int attempts) => Enumerable.Range(0, attempts).Count(_ => budget.TrySpend(now, 20));
}
