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
          --gpu-memory-utilization F   share of each GPU's memory for weights and cache, default 0.9
          --co-resident 'OPTIONS'...   another model on the same GPUs, one string a model: these options again, with its own
                                       --model and --port and its --tensor-parallel-size GPUs from --first-gpu on; engines
                                       that share a GPU take turns
          --first-gpu N                within --co-resident: the first of the GPUs, default 0
          --enable-sleep-mode          takes /sleep, /wake_up and /is_sleeping as vLLM in its development mode
          --sleep-watts N              of a GPU all of whose models sleep, default 128 (as an idle one)
          --decode-factor F            decode steps take F times as long as measured, 0.1 to 10, default 1: a chip unlike the measured one
          --prefill-factor F           the same of prefill
          --watts-factor F             the same of decode power
          --load-seconds S             time to load the simulated weights, default 1
          --drain-seconds S            time that answers under way get at SIGTERM, default 25
          --seed N                     seed of answers, default 0
        """;

    // The one option without a value.
    private const string SleepModeFlag = "--enable-sleep-mode";

    public required string Model { get; init; }

    public IReadOnlyList<string> ServedNames { get; private set; } = [];

    public string Url { get; private set; } = "http://127.0.0.1:8000";

    public required ServingProfile Profile { get; init; }

    public required PowerSetting Power { get; init; }

    public required BatchLimits Limits { get; init; }

    /// <summary>Share of each GPU's memory that weights and cache may take.</summary>
    public required double MemoryShare { get; init; }

    public required int MaxModelLength { get; init; }

    /// <summary>First of the process's GPUs that this model runs on.</summary>
    public int FirstGpu { get; private init; }

    /// <summary>Whether the model may be put to sleep.</summary>
    public bool SleepMode { get; private init; }

    /// <summary>Watts of a GPU all of whose models sleep.</summary>
    public double SleepWatts { get; private init; }

    /// <summary>Models that share the GPUs.</summary>
    public IReadOnlyList<ServerOptions> CoResidents { get; private init; } = [];

    public TimeSpan LoadTime { get; private init; }

    public TimeSpan DrainTime { get; private init; }

    public ulong Seed { get; private init; }

    /// <exception cref="UsageException">An argument is unknown, missing or out of range.</exception>
    /// <exception cref="UnknownProfileException">There are no measurements for the model on that GPU shape.</exception>
    public static ServerOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = ParseOne(arguments);
        if (options.FirstGpu > 0)
            throw new UsageException("--first-gpu belongs into --co-resident: the first model has the GPUs from 0 on.");
        foreach (var other in options.CoResidents)
        {
            // The GPUs are the same, so their clock is.
            if (other.Power != other.Profile.Gpu.Default || other.SleepWatts != other.Profile.Gpu.SleepWatts)
                throw new UsageException($"--co-resident {other.Model}: --clock-mhz, --power-limit-watts and --sleep-watts are the first model's, whose GPUs it shares; give them there.");
            if (other.CoResidents.Count > 0)
                throw new UsageException("--co-resident cannot stand within --co-resident; give each model one of its own.");
            if (other.Profile.Gpu.Name != options.Profile.Gpu.Name || other.FirstGpu + other.Profile.GpuCount > options.Profile.GpuCount)
                throw new UsageException($"--co-resident {other.Model}: it wants GPUs {other.FirstGpu} to {other.FirstGpu + other.Profile.GpuCount - 1} of type {other.Profile.Gpu.Name}, but the first model has {options.Profile.GpuCount} of type {options.Profile.Gpu.Name}.");
        }

        ServerOptions[] all = [options, .. options.CoResidents];
        for (var gpu = 0; gpu < options.Profile.GpuCount; gpu++)
        {
            var here = all.Where(one => one.FirstGpu <= gpu && gpu < one.FirstGpu + one.Profile.GpuCount).ToList();
            if (here.Count > 1 && here.Sum(one => one.MemoryShare) > ServingProfile.DefaultMemoryShare + 1e-9)
                throw new UsageException($"GPU {gpu}: the shares of {string.Join(", ", here.Select(one => one.Model))} add up to {here.Sum(one => one.MemoryShare):0.00} of its memory; lower --gpu-memory-utilization so that it is at most {ServingProfile.DefaultMemoryShare}.");
        }

        return options;
    }

    private static ServerOptions ParseOne(IReadOnlyList<string> arguments)
    {
        var values = Collect(arguments);
        var model = values.GetValueOrDefault("--model")?[0] ?? throw new UsageException("--model is required.");
        var product = values.GetValueOrDefault("--gpu-product")?[0] ?? GpuProduct.H100.Name;
        var profile = ServingProfiles.Get(model, product, Whole("--tensor-parallel-size", 1, 1)).Altered(Factor("--decode-factor"), Factor("--prefill-factor"), Factor("--watts-factor"));
        var power = new PowerSetting(Whole("--clock-mhz", profile.Gpu.MaxClockMHz, 0), Whole("--power-limit-watts", profile.Gpu.MaxPowerLimitWatts, 0));
        if (PowerProblem(profile.Gpu, power) is { } problem)
            throw new UsageException(problem);
        var memoryShare = Share("--gpu-memory-utilization", ServingProfile.DefaultMemoryShare);
        var cacheTokens = profile.KvTokens(memoryShare);
        if (cacheTokens < 1)
            throw new UsageException($"--gpu-memory-utilization {memoryShare.ToString(CultureInfo.InvariantCulture)} leaves no room for a cache beside the {profile.WeightBytes / profile.GpuCount / 1e9:0.0} GB of weights a GPU of {model}; raise it or take more GPUs.");
        return new ServerOptions
        {
            Model = model,
            MemoryShare = memoryShare,
            FirstGpu = Whole("--first-gpu", 0, 0),
            CoResidents = [.. (values.GetValueOrDefault("--co-resident") ?? []).Select(other => ParseOne(other.Split(' ', StringSplitOptions.RemoveEmptyEntries)))],
            Profile = profile,
            Power = power,
            Limits = new BatchLimits(
                Whole("--max-num-seqs", 256, 1), Whole("--max-num-batched-tokens", 8192, 1), cacheTokens, Whole("--max-waiting", 2048, 0)),
            MaxModelLength = Whole("--max-model-len", profile.MaxModelLength, 2),
            SleepMode = values.ContainsKey(SleepModeFlag),
            SleepWatts = Whole("--sleep-watts", (int)profile.Gpu.SleepWatts, 0),
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

        double Share(string name, double otherwise)
        {
            if (!values.TryGetValue(name, out var given))
                return otherwise;
            return double.TryParse(given[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= 1
                ? value
                : throw new UsageException($"{name} must be a number above 0 and at most 1, not '{given[0]}'.");
        }

        double Factor(string name)
        {
            if (!values.TryGetValue(name, out var given))
                return 1;
            return double.TryParse(given[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is >= 0.1 and <= 10
                ? value
                : throw new UsageException($"{name} must be a number from 0.1 to 10, not '{given[0]}'.");
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

    // --name value, --name=value, and several values for --served-model-name and --co-resident.
    private static Dictionary<string, List<string>> Collect(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        List<string>? current = null;
        foreach (var argument in arguments)
        {
            // The options of a co-resident model are one argument with spaces; no option has any.
            if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Contains(' ', StringComparison.Ordinal))
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
            if (name == SleepModeFlag && given.Count > 0)
                throw new UsageException($"{name} takes no value.");
            if ((given.Count == 0 && name != SleepModeFlag) || (given.Count > 1 && name is not ("--served-model-name" or "--co-resident")))
                throw new UsageException($"{name} takes one value.");
        }
        return values;
    }
}
