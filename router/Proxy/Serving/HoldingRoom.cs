namespace Ops.Router;

/// <summary>
/// Holds requests while their route has no replica at all, because a pool was at zero and is being started or all its replicas
/// sleep, of which one is woken. The gauge ops_router_held_requests says which pool they wait for; whoever scales pools reads it
/// there. Bounded in number, bytes
/// and time; what does not fit is answered at once.
/// </summary>
internal sealed class HoldingRoom(ModelFleet fleet, SleepWaker waker, RouterOptions options, RouterMetrics metrics, TimeProvider time)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    // Waiting bodies may take a quarter of the budget for all bodies, so that routes which have replicas go on.
    private readonly long _mostBytes = options.BodyBudgetBytes / 4;
    private readonly Lock _counting = new();
    private readonly Dictionary<(string Namespace, string Pool), int> _byPool = [];
    private int _held;
    private long _bytes;

    /// <summary>Waits for a first replica; the exchange then has the newest state of its route.</summary>
    /// <returns>False when the request is not held, or has been held for as long as its route allows.</returns>
    internal async Task<bool> WaitAsync(Exchange exchange, CancellationToken clientGone)
    {
        var limit = exchange.Route.Config.Timeouts.ReplicaReady;
        var deadline = TimeSpan.FromSeconds(exchange.Route.Config.Objective.HardDeadline);
        var left = (limit < deadline ? limit : deadline) - time.GetElapsedTime(exchange.StartedAt);
        if (left <= TimeSpan.Zero || WantedPool(exchange) is not { } pool || !TryEnter(pool, exchange.Body.Length))
            return false;
        try
        {
            using var patience = new CancellationTokenSource(left, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, clientGone);
            return await UntilReadyAsync(exchange, either.Token);
        }
        catch (OperationCanceledException) when (!clientGone.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            Leave(pool, exchange.Body.Length);
        }
    }

    private async Task<bool> UntilReadyAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        while (true)
        {
            // Taken before the look at the table, so that no change falls in between.
            var change = fleet.NextChange;
            if (fleet.Current.Find(exchange.Route.Config.Model, exchange.Caller) is not { Config.Suspended: false } route)
                return false;
            exchange.Route = route;
            if (route.HasReplica)
                return true;
            waker.Want(route);
            // A replica that could not be woken is asked again, or another one.
            await Task.WhenAny(change, Task.Delay(AskAgain, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    // The one that the policy would like best, by the task's quality.
    private static (string Namespace, string Pool)? WantedPool(Exchange exchange)
    {
        var route = exchange.Route;
        var order = route.Snapshot.ByQuality[route.Snapshot.TaskIndex(exchange.Task)];
        foreach (var v in order)
        {
            if (route.Config.Policy.Considers(route.Snapshot, v) && route.Variants[v].Config.Exists)
                return (route.Config.Namespace, route.Variants[v].Config.Pool);
        }

        return null;
    }

    private bool TryEnter((string Namespace, string Pool) pool, int bytes)
    {
        lock (_counting)
        {
            if (_held >= options.MaxHeld || _bytes + bytes > _mostBytes)
                return false;
            _held++;
            _bytes += bytes;
            metrics.Held(pool.Namespace, pool.Pool, _byPool[pool] = _byPool.GetValueOrDefault(pool) + 1);
            return true;
        }
    }

    private void Leave((string Namespace, string Pool) pool, int bytes)
    {
        lock (_counting)
        {
            _held--;
            _bytes -= bytes;
            var left = _byPool[pool] - 1;
            if (left == 0)
                _byPool.Remove(pool);
            else
                _byPool[pool] = left;
            metrics.Held(pool.Namespace, pool.Pool, left);
        }
    }
}
