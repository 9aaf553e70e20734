namespace Ops.Load;

/// <summary>Which published workload a synthetic trace resembles.</summary>
public enum SyntheticKind
{
    /// <summary>Azure LLM inference 2023, conversation.</summary>
    Conv,

    /// <summary>Azure LLM inference 2023, code completion: very bursty, long prompts, short answers.</summary>
    Code,
}

/// <summary>Generates arrivals and lengths with the published statistics of a production trace.</summary>
public static class SyntheticTrace
{
    /// <summary>The same arguments give the same trace.</summary>
    /// <param name="kind">The workload to resemble.</param>
    /// <param name="duration">Trace time to cover.</param>
    /// <param name="seed">Seed of every draw.</param>
    public static Trace Generate(SyntheticKind kind, TimeSpan duration, int seed)
    {
        throw new NotSupportedException("The generator is being written.");
    }
}
