using System.Runtime.InteropServices;

namespace Ops.Profiles;

/// <summary>What an engine has counted since its start, under vLLM's names; as it shows at /metrics, or as a simulated one has it.</summary>
/// <param name="At">When, in seconds of any clock.</param>
/// <param name="Steps">Steps of the batch: <c>vllm:iteration_tokens_total_count</c>.</param>
/// <param name="DecodeTokens">Tokens after the first of their answer: <c>vllm:inter_token_latency_seconds_count</c>.</param>
/// <param name="DecodeSeconds">Sum of what each of them took: <c>vllm:inter_token_latency_seconds_sum</c>.</param>
/// <param name="PromptTokens">Prompt tokens computed: <c>vllm:prompt_tokens_total</c>.</param>
/// <param name="Joules">GPU joules, idle included: <c>ops_gpu_energy_joules_total</c>; 0 where nobody measures them.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct EngineCounters(double At, double Steps, double DecodeTokens, double DecodeSeconds, double PromptTokens, double Joules)
{
    /// <summary>Reads them from an engine's metrics.</summary>
    /// <param name="sum">Gives the sum of a metric over its label sets, 0 where there is none.</param>
    /// <param name="at">When the page was read.</param>
    public static EngineCounters Read(Func<string, double> sum, double at)
    {
        ArgumentNullException.ThrowIfNull(sum);
        return new(
            at, sum("vllm:iteration_tokens_total_count"), sum("vllm:inter_token_latency_seconds_count"), sum("vllm:inter_token_latency_seconds_sum"),
            sum("vllm:prompt_tokens_total"), sum("ops_gpu_energy_joules_total"));
    }

    /// <summary>What came since an earlier look; null where the engine began anew in between.</summary>
    public EngineCounters? Since(in EngineCounters before) =>
        At <= before.At || Steps < before.Steps || DecodeTokens < before.DecodeTokens || PromptTokens < before.PromptTokens
            ? null
            : new(At - before.At, Steps - before.Steps, DecodeTokens - before.DecodeTokens, DecodeSeconds - before.DecodeSeconds, PromptTokens - before.PromptTokens, Joules - before.Joules);
}
