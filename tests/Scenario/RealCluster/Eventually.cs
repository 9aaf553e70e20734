namespace Ops.RealCluster.Tests;

/// <summary>Waits for what a level-triggered system reaches in its own time.</summary>
internal static class Eventually
{
    /// <summary>Polls until the condition holds; fails with the sentence after the limit, which is generous because machines are shared.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition, string sentence, TimeSpan? limit = null)
    {
        var until = TimeProvider.System.GetTimestamp();
        var patience = limit ?? TimeSpan.FromSeconds(60);
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(until) > patience)
                Assert.Fail($"not within {patience.TotalSeconds:0} s: {sentence}");
            await Task.Delay(250, TestContext.Current.CancellationToken);
        }
    }
}
