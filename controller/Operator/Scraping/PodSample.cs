using Ops.Kube;

namespace Ops.Operator.Scraping;

/// <summary>What one pod of a pool said of itself at one moment. A null was not said.</summary>
internal sealed record PodSample
{
    /// <summary>Monotonic seconds.</summary>
    public required double At { get; init; }

    /// <summary>GPU power now.</summary>
    public double? Watts { get; private set; }

    /// <summary>GPU energy since the start of the process.</summary>
    public double? Joules { get; private set; }

    /// <summary>Tokens generated since the start of the process.</summary>
    public double? Tokens { get; private set; }

    /// <summary>The slowest GPU's SM clock.</summary>
    public double? ClockMHz { get; private set; }

    /// <summary>Answers finished since the start of the process.</summary>
    public double? Answers { get; private set; }

    /// <summary>Requests that run or wait now.</summary>
    public double? InFlight { get; private set; }

    /// <summary>Reads an exposition of vLLM, llama.cpp or the simulated server.</summary>
    public static PodSample Read(ReadOnlySpan<char> exposition, double at)
    {
        var result = new PodSample { At = at };
        PrometheusText.Read(exposition, (name, _, value) => result.Take(name, value));
        return result;
    }

    /// <summary>Takes from the node's exporters what the pod does not say of its GPUs.</summary>
    public void Complete(GpuReadings.Reading node)
    {
        Watts ??= node.Watts;
        Joules ??= node.Joules;
        ClockMHz ??= node.ClockMHz;
    }

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
            case "vllm:generation_tokens_total" or "llamacpp:tokens_predicted_total":
                Tokens = (Tokens ?? 0) + value;
                break;
            case "vllm:request_success_total":
                Answers = (Answers ?? 0) + value;
                break;
            case "vllm:num_requests_running" or "vllm:num_requests_waiting" or "llamacpp:requests_processing" or "llamacpp:requests_deferred":
                InFlight = (InFlight ?? 0) + value;
                break;
            case "ops_gpu_clock_mhz":
                ClockMHz = Math.Min(ClockMHz ?? double.MaxValue, value);
                break;
        }
    }
}
