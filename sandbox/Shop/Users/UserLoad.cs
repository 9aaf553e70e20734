using Ops.Sandbox.Shop.Running;
using Ops.Sandbox.Shop.Telemetry;

namespace Ops.Sandbox.Shop.Users;

/// <summary>Users of the shop: each thinks, does something, waits for the answer, and thinks again.</summary>
internal sealed class UserLoad : IDisposable
{
    // Pauses are exponential around this: 20 users make about 30 requests a second.
    private const double MeanThinkSeconds = 0.6;
    private const double LongestThinkSeconds = 5;

    private static readonly CallPolicy Patience = new(Attempts: 1, TimeSpan.FromSeconds(8));

    private readonly ShopOptions options;
    private readonly ShopMetrics metrics;
    private readonly TimeProvider time;

    public UserLoad(ShopOptions options, ShopMetrics metrics, TimeProvider time)
    {
        (this.options, this.metrics, this.time) = (options, metrics, time);
        Frontend = new Callee(ShopPlan.Shop.Entry, options.AddressOf(ShopPlan.Shop.Entry), ShopPlan.Shop.Load, ShopOptions.MostUsers, Patience, metrics.EdgeTo(ShopPlan.Shop.Entry), time);
    }

    public Callee Frontend { get; }

    /// <summary>How many times as many users as configured; within the bound of all users.</summary>
    public double Surge { get; set; } = 1;

    private int Wanted => Math.Min(ShopOptions.MostUsers, (int)Math.Round(options.Users * Surge));

    /// <summary>Plays users until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        var users = new List<(CancellationTokenSource Leave, Task Task)>();
        try
        {
            while (true)
            {
                while (users.Count < Wanted)
                {
                    var leave = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                    users.Add((leave, PlayAsync(new Random(options.Seed * 1000 + users.Count), leave.Token)));
                }

                while (users.Count > Wanted)
                {
                    await LeaveAsync(users[^1]);
                    users.RemoveAt(users.Count - 1);
                }

                metrics.Users.Set(users.Count);
                await Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellation);
            }
        }
        finally
        {
            foreach (var user in users)
                await LeaveAsync(user);
        }
    }

    private static async Task LeaveAsync((CancellationTokenSource Leave, Task Task) user)
    {
        await user.Leave.CancelAsync();
        await user.Task;
        user.Leave.Dispose();
    }

    private async Task PlayAsync(Random random, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var think = Math.Min(LongestThinkSeconds, -Math.Log(1 - random.NextDouble()) * MeanThinkSeconds);
                await Task.Delay(TimeSpan.FromSeconds(think), time, cancellation);
                await DoAsync(random);
            }
        }
        catch (OperationCanceledException)
        {
            // The user has left.
        }
    }

    private async Task DoAsync(Random random)
    {
        try
        {
            await Frontend.CallAsync(Choose(random.NextDouble()));
        }
        catch (CallFailedException)
        {
            // Counted by status; a user who got an error tries something else.
        }
    }

    /// <summary>What a user does, by a number from 0 to 1.</summary>
    internal static string Choose(double draw)
    {
        foreach (var (operation, share) in ShopPlan.Shop.Habits)
            if ((draw -= share) < 0)
                return operation;
        return ShopPlan.Shop.Habits[^1].Operation;
    }

    public void Dispose() => Frontend.Dispose();
}
