namespace Ops.Router;

/// <summary>What is remembered of a route for as long as it is in the configuration; outlives tables.</summary>
internal sealed class RouteMemory
{
    internal RetryBudget Retries { get; } = new();
}
