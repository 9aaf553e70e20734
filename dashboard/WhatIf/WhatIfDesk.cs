using Ops.WhatIf;

namespace Ops.Dashboard.WhatIf;

/// <summary>
/// Where questions to the simulator are answered: one at a time for the whole process, so that any number of viewers cost one
/// core at most. A question that is no longer asked gives up its place or its run.
/// </summary>
internal sealed class WhatIfDesk : IDisposable
{
    private readonly SemaphoreSlim gate = new(1, 1);

    /// <summary>Answers when it is the question's turn.</summary>
    /// <exception cref="Learning.InvalidFleetException">It cannot be simulated; the message says why.</exception>
    /// <exception cref="OperationCanceledException">It is no longer asked.</exception>
    public async Task<Answer> AskAsync(Question question, CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            return await Task.Run(() => Simulator.Ask(question, cancellation), cancellation);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();
}
