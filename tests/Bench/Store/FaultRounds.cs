using System.Diagnostics;

namespace Ops.Bench.Store;

/// <summary>Rounds of faults: so many, or until the soak's time is over. After each, what is known so far is shown and written down.</summary>
/// <param name="context">What the bench may use.</param>
/// <param name="quick">Rounds of the quick form.</param>
/// <param name="full">Rounds of the full form.</param>
internal sealed class FaultRounds(BenchContext context, int quick, int full)
{
    /// <summary>Runs them.</summary>
    /// <param name="strikeAsync">One round, by its number from 0.</param>
    /// <param name="reportAsync">Adds the figures so far.</param>
    internal async Task RunAsync(Func<int, Task> strikeAsync, Func<Task> reportAsync)
    {
        var began = Stopwatch.GetTimestamp();
        var rounds = context.Quick ? quick : context.Soak is null ? full : 0;
        for (var round = 0; round < rounds || Stopwatch.GetElapsedTime(began) < context.Soak; round++)
        {
            await strikeAsync(round);
            await reportAsync();
            if (context.Checkpoint is { } write)
                await write();
            if (context.Soak is { } soak)
                context.Say($"round {round + 1}, {Stopwatch.GetElapsedTime(began).TotalMinutes:0.0} of {soak.TotalMinutes:0.#} min");
        }
    }
}
