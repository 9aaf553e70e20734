namespace Ops.RouterScenario;

/// <summary>Waits for something that other processes bring about. The limit only ends a test that would hang.</summary>
internal static class Until
{
    internal static async Task TrueAsync(Func<Task<bool>> condition, string otherwise, CancellationToken cancellation)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (await condition())
                return;
            await Task.Delay(100, cancellation);
        }

        Assert.Fail($"After a minute {otherwise}.");
    }
}
