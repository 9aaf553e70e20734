using System.Diagnostics;
using Ops.Bench.Rca;
using Ops.Picking;

namespace Ops.Bench.Routing;

/// <summary>
/// What the choice of a variant is worth under load, in simulation, on identical arrivals for every policy. Performance,
/// windows and availability as in <see cref="Learning.Score"/>.
/// </summary>
internal sealed class RoutingBench : IBench
{
    // In real time, so not in the quick form unless it is asked for.
    private const string LivePart = "live";

    // Tries every choice of every request on the future: too slow for the quick form as well.
    private const string LookaheadPart = "lookahead";

    /// <inheritdoc/>
    public string Name => "routing";

    /// <inheritdoc/>
    public string Summary => "Policies beside each other on simulated fleets: rate, performance, learned against price, the simulator's speed";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        var inputs = RoutingInputs.Load();
        var plots = Directory.CreateDirectory(Path.Combine(RcaData.Root(), "artifacts", "bench", "routing")).FullName;
        (string Name, Action Run)[] parts =
        [
            ("speed", () => SpeedBench.Run(context, BenchFleets.Ladder, inputs.ChatLengths, new PricePolicy())),
            ("quality", () => QualityCost.Run(context, plots)),
            ("policies", () => PolicyBench.Run(context, inputs)),
            ("rate", () => RateBench.Run(context, inputs, plots)),
            ("windows", () => WindowBench.Run(context, inputs, plots)),
            ("sweep", () => SweepBench.Run(context, inputs)),
            ("calibration", () => CalibrationBench.Run(context, inputs)),
            ("continue", () => ContinueBench.Run(context, inputs)),
            ("learned", () => LearnedBench.Run(context, inputs, plots)),
            (LookaheadPart, () => LookaheadBench.Run(context, inputs)),
        ];
        if (context is { Quick: false, Part: null })
            context.Say("10 seeds, 5 trainings for each objective and the live replays; each part says when it begins and what it took; with --json FILE a run that was cut off goes on with --resume");
        if (context.Part is { } only && only != LivePart && !parts.Any(part => part.Name == only))
            throw new BenchCannotRunException($"there is no part '{only}': {string.Join(", ", parts.Select(part => part.Name).Append(LivePart))}");
        foreach (var (name, run) in parts)
        {
            cancellation.ThrowIfCancellationRequested();
            if (context.Part == name || (context.Part is null && !(context.Quick && name == LookaheadPart)))
                await TimedAsync(context, name, () => Task.Run(run, cancellation));
        }

        if (context.Part == LivePart || (context.Part is null && !context.Quick))
            await TimedAsync(context, LivePart, () => LiveBench.RunAsync(context, inputs, cancellation));
        context.Say($"plots are in {plots}");
    }

    private static async Task TimedAsync(BenchContext context, string part, Func<Task> run)
    {
        if (context.Figures.Parts.Contains(part))
        {
            context.Say($"part {part} was measured before");
            return;
        }

        context.Say($"part {part}");
        var watch = Stopwatch.StartNew();
        await run();
        context.Say($"part {part} took {watch.Elapsed.TotalSeconds:0} s");
        context.Figures.Parts.Add(part);
        if (context.Checkpoint is { } checkpoint)
            await checkpoint();
    }
}
