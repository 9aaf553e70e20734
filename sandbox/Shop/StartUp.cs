using Ops.Sandbox.Shop.Running;

namespace Ops.Sandbox.Shop;

/// <summary>
/// Ready once every callee has been ready once and each operation ran once: the first user meets code that is compiled
/// and connections that are open. Later trouble of a callee does not take readiness away; it would spread the trouble.
/// </summary>
internal sealed class StartUp(IReadOnlyCollection<Callee> callees, Service? service, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private volatile string? missing = "starting";

    /// <summary>What is not there yet; null once ready.</summary>
    public string? Missing => missing;

    /// <summary>Waits for everything.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        foreach (var callee in callees)
        {
            missing = $"waiting for {callee.Name}";
            while (!await callee.IsReadyAsync())
                await Task.Delay(Pause, time, cancellation);
        }

        foreach (var operation in service?.Plan.Operations ?? [])
        {
            missing = $"trying {operation.Name}";
            while (!await WorksAsync(operation))
                await Task.Delay(Pause, time, cancellation);
        }

        missing = null;
    }

    private async Task<bool> WorksAsync(ShopPlan.Operation operation)
    {
        try
        {
            return await service!.TryRunAsync(operation);
        }
        catch (CallFailedException)
        {
            return false;
        }
    }
}
