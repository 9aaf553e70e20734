using System.Collections.Immutable;

namespace Ops.Picking;

/// <summary>
/// Time and energy of a variant's replicas by batch size, as tables, where they are known beforehand. A choice then need
/// not wait until a replica has shown them.
/// </summary>
public sealed class ServingCurve
{
    private readonly ImmutableArray<double> _seconds;
    private readonly ImmutableArray<double> _joules;

    /// <summary>Creates a curve.</summary>
    /// <param name="stepSeconds">Seconds of a decode step by batch, from batch 1 on; at least one entry.</param>
    /// <param name="stepJoules">Joules of that step on all GPUs of the replica; as many entries.</param>
    /// <param name="idleWatts">Watts of a replica with nothing to do.</param>
    /// <param name="secondsPerPromptToken">Prefill seconds by prompt token.</param>
    /// <param name="joulesPerPromptToken">Prefill joules by prompt token.</param>
    public ServingCurve(ImmutableArray<double> stepSeconds, ImmutableArray<double> stepJoules, double idleWatts, double secondsPerPromptToken, double joulesPerPromptToken)
    {
        if (stepSeconds.IsDefaultOrEmpty || stepJoules.Length != stepSeconds.Length)
            throw new ArgumentException("The tables hold the same batches, at least one.", nameof(stepJoules));
        (_seconds, _joules) = (stepSeconds, stepJoules);
        IdleWatts = idleWatts;
        SecondsPerPromptToken = secondsPerPromptToken;
        JoulesPerPromptToken = joulesPerPromptToken;
    }

    /// <summary>Watts of a replica with nothing to do.</summary>
    public double IdleWatts { get; }

    /// <summary>Prefill seconds by prompt token.</summary>
    public double SecondsPerPromptToken { get; }

    /// <summary>Prefill joules by prompt token.</summary>
    public double JoulesPerPromptToken { get; }

    /// <summary>Seconds of a decode step; a batch beyond the table counts as its last.</summary>
    public double StepSeconds(int batch) => At(_seconds, batch);

    /// <summary>
    /// Joules that a request adds to a replica: its prefill, and in each of its steps what the larger batch costs more than
    /// the one without it. On an idle replica that is the whole step less the idle power.
    /// </summary>
    /// <param name="batch">Requests in the batch without it.</param>
    /// <param name="promptTokens">Prompt tokens to be computed.</param>
    /// <param name="outputTokens">Expected answer length.</param>
    public double MarginalJoules(int batch, double promptTokens, double outputTokens)
    {
        var before = batch > 0 ? At(_joules, batch) : IdleWatts * At(_seconds, 1);
        return (promptTokens * JoulesPerPromptToken) + (outputTokens * Math.Max(0, At(_joules, batch + 1) - before));
    }

    /// <summary>
    /// Joules of a request as its share: its prefill, and of each of its steps as much as each other request in the batch has.
    /// Over all requests of a replica these add up to the joules of its steps; idle power is nobody's.
    /// </summary>
    /// <param name="batch">Requests in the batch, itself included.</param>
    /// <param name="promptTokens">Prompt tokens that were computed.</param>
    /// <param name="outputTokens">Tokens of the answer.</param>
    public double ShareOfJoules(int batch, double promptTokens, double outputTokens) =>
        (promptTokens * JoulesPerPromptToken) + (outputTokens * At(_joules, batch) / Math.Max(1, batch));

    private static double At(ImmutableArray<double> table, int batch) => table[Math.Clamp(batch, 1, table.Length) - 1];
}
