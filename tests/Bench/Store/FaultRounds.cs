using System.Diagnostics;

namespace Ops.Bench.Store;

/// <summary>
/// Rounds of faults: so many, or until the soak's time is over. After each, what is known so far is shown and written down. A
/// round of a soak that breaks off is told with what the members said then, and counted; the next one waits once more for the
/// store to become whole, since a soak that ends with the first oddity measures nothing.
/// </summary>
/// <param name="context">What the bench may use.</param>
/// <param name="engine">The engine, as keys of figures begin.</param>
/// <param name="quick">Rounds of the quick form.</param>
/// <param name="full">Rounds of the full form.</param>
internal sealed class FaultRounds(BenchContext context, string engine, int quick, int full)
{
    private int _broken;

    /// <summary>Runs them.</summary>
    /// <param name="strikeAsync">One round, by its number from 0.</param>
    /// <param name="reportAsync">Adds the figures so far.</param>
    internal async Task RunAsync(Func<int, Task> strikeAsync, Func<Task> reportAsync)
    {
        var began = Stopwatch.GetTimestamp();
        var rounds = context.Quick ? quick : context.Soak is null ? full : 0;
        for (var round = 0; round < rounds || Stopwatch.GetElapsedTime(began) < context.Soak; round++)
        {
            try
            {
                await strikeAsync(round);
            }
            catch (BenchCannotRunException broken) when (context.Soak is not null)
            {
                _broken++;
                context.Say($"{engine}, round {round + 1} broke off after {broken.Message}");
            }

            await reportAsync();
            context.Figures.Add($"{engine}_rounds", round + 1, "", "rounds of faults");
            context.Figures.Add($"{engine}_rounds_broken", _broken, "", "of those, rounds that broke off since the store did not become whole in time");
            context.Figures.Add($"{engine}_minutes", Stopwatch.GetElapsedTime(began).TotalMinutes, "min", "how long they lasted");
            if (context.Checkpoint is { } write)
                await write();
            if (context.Soak is { } soak)
                context.Say($"{engine}: round {round + 1}, {Stopwatch.GetElapsedTime(began).TotalMinutes:0.0} of {soak.TotalMinutes:0.#} min");
        }
    }
}
