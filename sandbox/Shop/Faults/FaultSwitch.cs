namespace Ops.Sandbox.Shop.Faults;

/// <summary>A fault that is under way.</summary>
/// <param name="Order">What was asked for.</param>
/// <param name="SecondsLeft">Until it ends by itself.</param>
internal sealed record ActiveFault(FaultOrder Order, double SecondsLeft);

/// <summary>Starts and stops faults; one of each kind at a time.</summary>
internal sealed partial class FaultSwitch(Reach reach, ILogger<FaultSwitch> logger) : IAsyncDisposable
{
    private readonly Dictionary<string, Running> running = [];
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <summary>Starts a fault; one of the same kind is stopped first.</summary>
    /// <returns>False where this process has not what the fault acts on.</returns>
    public async Task<bool> StartAsync(FaultOrder order)
    {
        if (FaultTable.Create(order.Fault, reach) is not { } fault)
            return false;
        await gate.WaitAsync();
        try
        {
            if (running.Remove(order.Fault, out var earlier))
                await earlier.EndAsync();
            running[order.Fault] = Begin(order, fault);
        }
        finally
        {
            gate.Release();
        }

        Log.Started(logger, order.Fault, order.Strength, order.ForSeconds);
        return true;
    }

    /// <summary>Ends every fault; returns when everything is back as it was.</summary>
    public async Task<int> StopAsync()
    {
        await gate.WaitAsync();
        try
        {
            var ended = running.Values.Count(one => !one.Task.IsCompleted);
            foreach (var one in running.Values)
                await one.EndAsync();
            running.Clear();
            if (ended > 0)
                Log.Stopped(logger, ended);
            return ended;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>What is under way.</summary>
    public async Task<IReadOnlyList<ActiveFault>> ActiveAsync()
    {
        await gate.WaitAsync();
        try
        {
            return [.. running.Values.Where(one => !one.Task.IsCompleted).Select(one => new ActiveFault(one.Order, one.Order.ForSeconds - reach.Time.GetElapsedTime(one.Start).TotalSeconds))];
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        gate.Dispose();
    }

    private Running Begin(FaultOrder order, IFault fault)
    {
        var start = reach.Time.GetTimestamp();
        var end = new CancellationTokenSource(TimeSpan.FromSeconds(order.ForSeconds), reach.Time);
        return new Running(order, start, end, Task.Run(() => fault.RunAsync(Intensity, end.Token)));

        double Intensity() => order.Strength * (order.RampSeconds <= 0 ? 1 : Math.Min(1, reach.Time.GetElapsedTime(start).TotalSeconds / order.RampSeconds));
    }

    private sealed record Running(FaultOrder Order, long Start, CancellationTokenSource End, Task Task)
    {
        public async Task EndAsync()
        {
            await End.CancelAsync();
            try
            {
                await Task;
            }
            catch (OperationCanceledException)
            {
                // That is how a fault ends.
            }

            End.Dispose();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Fault {Fault} injected, strength {Strength}, for {Seconds} s.")]
        public static partial void Started(ILogger logger, string fault, double strength, double seconds);

        [LoggerMessage(2, LogLevel.Information, "{Count} faults stopped.")]
        public static partial void Stopped(ILogger logger, int count);
    }
}
