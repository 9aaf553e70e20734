using Ops.Kube;

namespace Ops.Dashboard.Metrics;

/// <summary>What one model server said at one moment; a null was not said. Counters run since its start.</summary>
internal sealed record PodReading
{
    /// <summary>GPU power in watts.</summary>
    public double? Watts { get; private set; }

    /// <summary>GPU energy in joules, a counter.</summary>
    public double? Joules { get; private set; }

    /// <summary>The slowest GPU's SM clock in MHz.</summary>
    public double? Clock { get; private set; }

    /// <summary>Generated tokens, a counter.</summary>
    public double? Tokens { get; private set; }

    /// <summary>Prompt tokens read, a counter.</summary>
    public double? Prompts { get; private set; }

    /// <summary>Requests in the batch.</summary>
    public double? Running { get; private set; }

    /// <summary>Requests that wait.</summary>
    public double? Waiting { get; private set; }

    /// <summary>Share of the KV cache in use, 0..1.</summary>
    public double? Cache { get; private set; }

    /// <summary>Seconds per output token, summed over answers, a counter.</summary>
    public double? PerTokenSum { get; private set; }

    /// <summary>Answers in that sum, a counter.</summary>
    public double? PerTokenCount { get; private set; }

    /// <summary>Tokens a second since the last reading; null at the first.</summary>
    public double? TokensPerSecond { get; private init; }

    /// <summary>Reads an exposition of vLLM, llama.cpp or the simulated server.</summary>
    public static PodReading Read(ReadOnlySpan<char> exposition)
    {
        var reading = new PodReading();
        PrometheusText.Read(exposition, (name, _, value) => reading.Take(name, value));
        return reading;
    }

    /// <summary>The same with the rate since an earlier reading.</summary>
    public PodReading After(PodReading? before, TimeSpan elapsed) =>
        this with { TokensPerSecond = Rate.Of(before?.Tokens, Tokens, elapsed) };

    private void Take(ReadOnlySpan<char> name, double value)
    {
        switch (name)
        {
            case "ops_gpu_power_watts":
                Watts = (Watts ?? 0) + value;
                break;
            case "ops_gpu_energy_joules_total":
                Joules = (Joules ?? 0) + value;
                break;
            case "ops_gpu_clock_mhz":
                Clock = Math.Min(Clock ?? double.MaxValue, value);
                break;
            case "vllm:generation_tokens_total" or "llamacpp:tokens_predicted_total":
                Tokens = (Tokens ?? 0) + value;
                break;
            case "vllm:prompt_tokens_total" or "llamacpp:prompt_tokens_total":
                Prompts = (Prompts ?? 0) + value;
                break;
            case "vllm:num_requests_running" or "llamacpp:requests_processing":
                Running = (Running ?? 0) + value;
                break;
            case "vllm:num_requests_waiting" or "llamacpp:requests_deferred":
                Waiting = (Waiting ?? 0) + value;
                break;
            case "vllm:kv_cache_usage_perc":
                Cache = Math.Max(Cache ?? 0, value);
                break;
            case "vllm:request_time_per_output_token_seconds_sum":
                PerTokenSum = (PerTokenSum ?? 0) + value;
                break;
            case "vllm:request_time_per_output_token_seconds_count":
                PerTokenCount = (PerTokenCount ?? 0) + value;
                break;
        }
    }
}

/// <summary>Rates of counters.</summary>
internal static class Rate
{
    /// <summary>What a counter gained a second; null where it was not read twice. One that fell began again at zero.</summary>
    public static double? Of(double? before, double? now, TimeSpan elapsed) =>
        before is { } start && now is { } value && elapsed > TimeSpan.Zero ? (value >= start ? value - start : value) / elapsed.TotalSeconds : null;
}
