using System.Net.Http.Json;
using System.Text.Json;

namespace Ops.PowerAgent.Gpus;

/// <summary>
/// The simulated GPUs of simulated engines, which take over HTTP what real GPUs take from NVML:
/// GET and PUT http://POD:PORT/simulated/power {"clockMHz": 1200, "powerLimitWatts": 500, ...}
/// </summary>
internal sealed class SimulatedGpus(HttpClient http, Func<IReadOnlyList<PoolPod>> pods) : IGpus
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public async Task<IReadOnlyList<Gpu>> ReadAsync(CancellationToken cancellation)
    {
        var gpus = new List<Gpu>();
        foreach (var pod in pods())
        {
            // One that does not answer is starting or ending; its GPUs are as the process makes them.
            if (pod.SimulatedAt is { } at && await ReadAsync(at, cancellation) is { } page)
                gpus.Add(page.ToGpu(pod.Name));
        }

        return gpus;
    }

    public async Task ApplyAsync(PowerStep step, CancellationToken cancellation)
    {
        if (pods().FirstOrDefault(pod => pod.Name == step.Id)?.SimulatedAt is not { } at || await ReadAsync(at, cancellation) is not { } page)
            return;
        try
        {
            using var answer = await http.PutAsJsonAsync(at, new { clockMHz = step.ClockMHz ?? page.MaxClockMHz, powerLimitWatts = step.PowerLimitWatts }, Json, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw new GpuException($"the simulated GPUs of {step.Id} answered {(int)answer.StatusCode} to {step.Why}");
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new GpuException($"the simulated GPUs of {step.Id} do not answer: {error.Message}");
        }
    }

    private async Task<PowerPage?> ReadAsync(Uri at, CancellationToken cancellation)
    {
        try
        {
            return await http.GetFromJsonAsync<PowerPage>(at, Json, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private sealed record PowerPage(
        int ClockMHz, int PowerLimitWatts, string GpuProduct, int MinClockMHz, int MaxClockMHz, int MinPowerLimitWatts, int MaxPowerLimitWatts, double DecodeClockMHz, double Watts, double Joules)
    {
        public Gpu ToGpu(string id) => new()
        {
            Id = id,
            Product = GpuProduct + " (simulated)",
            Range = new(MinClockMHz, MaxClockMHz, MinPowerLimitWatts, MaxPowerLimitWatts, MaxPowerLimitWatts),
            TellsLock = true,
            // The highest clock is the free one.
            LockedClockMHz = ClockMHz == MaxClockMHz ? null : ClockMHz,
            PowerLimitWatts = PowerLimitWatts,
            ClockMHz = (int)Math.Round(DecodeClockMHz),
            Watts = Watts,
            Joules = Joules,
        };
    }
}
