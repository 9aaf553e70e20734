using System.Globalization;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer;

/// <summary>A command line that cannot be used.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Command line of the server; names and defaults are vLLM's where it has them.</summary>
internal sealed class ServerOptions
{
    public const string Help =
        """
        Simulated GPU model server: OpenAI API, vLLM metrics, measured timing and energy.
          --model NAME                 model, as on Hugging Face (required)
          --served-model-name NAME...  names that requests use (default: the model)
          --host ADDRESS               default 127.0.0.1
          --port N                     default 8000; 0 picks a free one
          --urls URL                   instead of host and port
          --tensor-parallel-size N     GPUs, default 1
          --gpu-product NAME           default NVIDIA-H100-80GB-HBM3
          --clock-mhz N                SM clock, default the highest
          --power-limit-watts N        of each GPU, default the highest
          --max-num-seqs N             sequences in a step, default 256
          --max-num-batched-tokens N   tokens in a step, default 8192
          --max-model-len N            prompt plus answer, default the model's own
          --max-waiting N              requests that may wait, default 2048; above it 503
          --load-seconds S             time to load the simulated weights, default 1
          --drain-seconds S            time that answers under way get at SIGTERM, default 25
          --seed N                     seed of answers, default 0
        """;

    public required string Model { get; init; }

    public IReadOnlyList<string> ServedNames { get; private set; } = [];

    public string Url { get; private set; } = "http://127.0.0.1:8000";

    public required ServingProfile Profile { get; init; }

    public required PowerSetting Power { get; init; }

    public required BatchLimits Limits { get; init; }

    public required int MaxModelLength { get; init; }

    public TimeSpan LoadTime { get; private init; }

    public TimeSpan DrainTime { get; private init; }

    public ulong Seed { get; private init; }

    /// <exception cref="UsageException">An argument is unknown, missing or out of range.</exception>
    /// <exception cref="UnknownProfileException">There are no measurements for the model on that GPU shape.</exception>
    public static ServerOptions Parse(IReadOnlyList<string> arguments)
    {
        var values = Collect(arguments);
        var model = values.GetValueOrDefault("--model")?[0] ?? throw new UsageException("--model is required.");
        var product = values.GetValueOrDefault("--gpu-product")?[0] ?? GpuProduct.H100.Name;
        var profile = ServingProfiles.Get(model, product, Whole("--tensor-parallel-size", 1, 1));
        var power = new PowerSetting(Whole("--clock-mhz", profile.Gpu.MaxClockMHz, 0), Whole("--power-limit-watts", profile.Gpu.MaxPowerLimitWatts, 0));
        if (PowerProblem(profile.Gpu, power) is { } problem)
            throw new UsageException(problem);
        return new ServerOptions
        {
            Model = model,
            Profile = profile,
            Power = power,
            Limits = new BatchLimits(
                Whole("--max-num-seqs", 256, 1), Whole("--max-num-batched-tokens", 8192, 1), profile.KvCapacityTokens, Whole("--max-waiting", 2048, 0)),
            MaxModelLength = Whole("--max-model-len", profile.MaxModelLength, 2),
            LoadTime = Seconds("--load-seconds", 1),
            DrainTime = Seconds("--drain-seconds", 25),
            Seed = (ulong)Whole("--seed", 0, 0),
            ServedNames = values.GetValueOrDefault("--served-model-name") ?? [model],
            Url = values.GetValueOrDefault("--urls")?[0] ??
                $"http://{values.GetValueOrDefault("--host")?[0] ?? "127.0.0.1"}:{Whole("--port", 8000, 0)}",
        };

        int Whole(string name, int otherwise, int least)
        {
            if (!values.TryGetValue(name, out var given))
                return otherwise;
            return int.TryParse(given[0], NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least
                ? value
                : throw new UsageException($"{name} must be a whole number of at least {least}, not '{given[0]}'.");
        }

        TimeSpan Seconds(string name, double otherwise)
        {
            if (!values.TryGetValue(name, out var given))
                return TimeSpan.FromSeconds(otherwise);
            return double.TryParse(given[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value <= 3600
                ? TimeSpan.FromSeconds(value)
                : throw new UsageException($"{name} must be a number of seconds between 0 and 3600, not '{given[0]}'.");
        }
    }

    /// <summary>Why a GPU would not take a setting, or null.</summary>
    public static string? PowerProblem(GpuProduct gpu, PowerSetting setting)
    {
        if (gpu.Accepts(setting))
            return null;
        return setting.ClockMHz < gpu.MinClockMHz || setting.ClockMHz > gpu.MaxClockMHz
            ? $"The clock must be between {gpu.MinClockMHz} and {gpu.MaxClockMHz} MHz on {gpu.Name}, not {setting.ClockMHz}."
            : $"The power limit must be between {gpu.MinPowerLimitWatts} and {gpu.MaxPowerLimitWatts} W a GPU on {gpu.Name}, not {setting.PowerLimitWatts}.";
    }

    // --name value, --name=value, and several values for --served-model-name.
    private static Dictionary<string, List<string>> Collect(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string>? current = null;
        foreach (var argument in arguments)
        {
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                (current ?? throw new UsageException($"'{argument}' belongs to no option.")).Add(argument);
                continue;
            }
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument : argument[..equals];
            if (!Help.Contains($"  {name} ", StringComparison.Ordinal))
                throw new UsageException($"Unknown option {name}.");
            if (!values.TryAdd(name, current = []))
                throw new UsageException($"{name} is given twice.");
            if (equals >= 0)
                current.Add(argument[(equals + 1)..]);
        }
        foreach (var (name, given) in values)
        {
            if (given.Count == 0 || (given.Count > 1 && name != "--served-model-name"))
                throw new UsageException($"{name} takes one value.");
        }
        return values;
    }
}
