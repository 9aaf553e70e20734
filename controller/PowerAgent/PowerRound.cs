using Ops.PowerAgent.Gpus;

namespace Ops.PowerAgent;

/// <summary>A GPU after a round: what was asked, what is in force, for whom.</summary>
/// <param name="Gpu">As read.</param>
/// <param name="Pod">namespace/name; null for one that nobody uses.</param>
/// <param name="Pool">The pod's pool.</param>
/// <param name="Set">What was set last; null when that failed or was not needed.</param>
internal sealed record GpuState(Gpu Gpu, string? Pod, string? Pool, PowerStep? Set);

/// <summary>What a round found and did.</summary>
/// <param name="States">Every GPU.</param>
/// <param name="Steps">How many GPUs were to be set.</param>
/// <param name="Problems">By pod (or empty for the node), why it is not as asked.</param>
internal sealed record PowerReport(IReadOnlyList<GpuState> States, int Steps, IReadOnlyDictionary<string, string> Problems);

/// <summary>One source of GPUs and who uses them: reads, plans, sets, remembers what it has set.</summary>
internal sealed class PowerRound(IGpus gpus)
{
    private readonly Dictionary<string, PowerStep> _made = [];

    /// <summary>GPUs that an earlier agent of this node had set when it ended without giving them back.</summary>
    internal void TakeOver(IEnumerable<string> ids)
    {
        foreach (var id in ids)
            _made[id] = new PowerStep(id, ClockMHz: 0, PowerLimitWatts: 0, GivesBack: false, "set by an earlier agent");
    }

    /// <summary>Brings every GPU to what is asked of it.</summary>
    /// <param name="users">By GPU, the pod that uses it.</param>
    /// <param name="cancellation">Stops between two GPUs.</param>
    /// <exception cref="GpuException">The GPUs cannot be read.</exception>
    internal async Task<PowerReport> RunAsync(IReadOnlyDictionary<string, PoolPod> users, CancellationToken cancellation)
    {
        var read = await gpus.ReadAsync(cancellation);
        var problems = new Dictionary<string, string>();
        foreach (var gone in _made.Keys.Except(read.Select(gpu => gpu.Id)).ToList())
            _made.Remove(gone);
        var steps = PowerPlanner.Plan(read, users.ToDictionary(user => user.Key, user => user.Value.Wish), _made);
        foreach (var step in steps)
            await ApplyAsync(step, users.GetValueOrDefault(step.Id)?.Name ?? "", problems, cancellation);
        // What is in force now, not what was hoped for.
        var now = steps.Count == 0 ? read : await gpus.ReadAsync(cancellation);
        return new PowerReport(
            [.. now.Select(gpu => new GpuState(gpu, users.GetValueOrDefault(gpu.Id)?.Name, users.GetValueOrDefault(gpu.Id)?.Pool, _made.GetValueOrDefault(gpu.Id)))],
            steps.Count,
            problems);
    }

    /// <summary>Gives every GPU that was set back to the hardware.</summary>
    internal async Task RestoreAsync(CancellationToken cancellation)
    {
        var problems = new Dictionary<string, string>();
        foreach (var step in PowerPlanner.Restore(await gpus.ReadAsync(cancellation), _made))
            await ApplyAsync(step, "", problems, cancellation);
        if (problems.Count > 0)
            throw new GpuException(string.Join("; ", problems.Values));
    }

    private async Task ApplyAsync(PowerStep step, string pod, Dictionary<string, string> problems, CancellationToken cancellation)
    {
        try
        {
            await gpus.ApplyAsync(step, cancellation);
            if (step.GivesBack)
                _made.Remove(step.Id);
            else
                _made[step.Id] = step;
        }
        catch (GpuException error)
        {
            // Whatever is in force now: it is tried again in the next round, and given back in the end.
            _made[step.Id] = step with { ClockMHz = 0 };
            problems[pod] = error.Message;
        }
    }
}
