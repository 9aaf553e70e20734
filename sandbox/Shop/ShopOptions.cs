using System.Globalization;
using System.Net;
using Ops.Sandbox.ShopPlan;

namespace Ops.Sandbox.Shop;

/// <summary>A command line that cannot be used.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>What one process of the shop is, and where.</summary>
internal sealed record ShopOptions
{
    /// <summary>More users than this would need more than the few cores that the shop is made for.</summary>
    public const int MostUsers = 400;

    public const string Help =
        """
        One service of a small microservice shop, with faults that can be injected.
          --service NAME        which service to be (required): a name of the shop, or load, which plays the users
          --listen HOST:PORT    default 127.0.0.1:8080
          --data FOLDER         where it writes its log, default a new temporary folder
          --users N             load only: users at a time, 0 to 400; default SHOP_USERS or 20
          --call-limit-ms N     for one attempt of a call and for a pooled connection, 50 to 60000; default SHOP_CALL_LIMIT_MS or 3000
          --seed N              seed of keys and pauses, default SHOP_SEED or 1
          --faults              accept faults at /chaos (or SHOP_FAULTS=on); only where --listen is a loopback address,
                                so never in a pod of a real cluster; there it is ignored, and the log says so
        gate --listen HOST:PORT is the admission webhook of the shop's namespace instead, with GATE_CERTIFICATE and GATE_KEY as PEM.
        Other services are found by NAME_SERVICE_HOST and NAME_SERVICE_PORT, else as http://NAME:8080.
        """;

    public required string Service { get; init; }

    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 8080);

    public required string Data { get; init; }

    public int Users { get; init; } = 20;

    public int Seed { get; init; } = 1;

    /// <summary>How long an attempt of a call may take, and the wait for a pooled connection.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Faults were asked for.</summary>
    public bool FaultsWanted { get; init; }

    /// <summary>Faults are accepted: asked for, and nobody beyond this machine can connect.</summary>
    public bool FaultsOn => FaultsWanted && IPAddress.IsLoopback(Listen.Address);

    /// <summary>Address of another service.</summary>
    public required Func<string, Uri> AddressOf { get; init; }

    /// <exception cref="UsageException">An argument is unknown, missing or out of range.</exception>
    public static ShopOptions Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var values = Collect(arguments);
        var service = values.GetValueOrDefault("--service") ?? throw new UsageException($"--service is required: {Names()}.");
        if (service != ShopPlan.Shop.Load && ShopPlan.Shop.Find(service) is null)
            throw new UsageException($"--service must be one of {Names()}, not '{service}'.");
        return new ShopOptions
        {
            Service = service,
            Listen = Endpoint(values.GetValueOrDefault("--listen") ?? "127.0.0.1:8080"),
            Data = values.GetValueOrDefault("--data") ?? Directory.CreateTempSubdirectory($"shop-{service}-").FullName,
            Users = Whole("--users", values.GetValueOrDefault("--users") ?? environment("SHOP_USERS"), 20, 0, MostUsers),
            Seed = Whole("--seed", values.GetValueOrDefault("--seed") ?? environment("SHOP_SEED"), 1, 0, int.MaxValue),
            CallLimit = TimeSpan.FromMilliseconds(Whole("--call-limit-ms", values.GetValueOrDefault("--call-limit-ms") ?? environment("SHOP_CALL_LIMIT_MS"), 3000, 50, 60_000)),
            FaultsWanted = values.ContainsKey("--faults") || environment("SHOP_FAULTS") == "on",
            AddressOf = name => Address(name, environment),
        };
    }

    private static string Names() => string.Join(", ", ShopPlan.Shop.Services.Select(service => service.Name).Append(ShopPlan.Shop.Load));

    public static IPEndPoint Endpoint(string text) =>
        IPEndPoint.TryParse(text, out var endpoint) && text.Contains(':', StringComparison.Ordinal)
            ? endpoint
            : throw new UsageException($"--listen must be an IP address and a port such as 127.0.0.1:8080, not '{text}'.");

    private static int Whole(string name, string? text, int otherwise, int least, int most)
    {
        if (text is null)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new UsageException($"{name} must be a whole number from {least} to {most}, not '{text}'.");
    }

    private static Uri Address(string name, Func<string, string?> environment)
    {
        var prefix = name.ToUpperInvariant().Replace('-', '_');
        return new Uri($"http://{environment($"{prefix}_SERVICE_HOST") ?? name}:{environment($"{prefix}_SERVICE_PORT") ?? "8080"}");
    }

    // --name value or --name=value; --faults alone.
    private static Dictionary<string, string> Collect(IReadOnlyList<string> arguments)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i++)
        {
            var parts = arguments[i].Split('=', 2);
            if (!parts[0].StartsWith("--", StringComparison.Ordinal) || !Help.Contains($"  {parts[0]} ", StringComparison.Ordinal))
                throw new UsageException($"Unknown option {arguments[i]}.");
            var value = parts[0] == "--faults" ? "" : parts.Length == 2 ? parts[1] : i + 1 < arguments.Count ? arguments[++i] : throw new UsageException($"{parts[0]} takes a value.");
            if (!values.TryAdd(parts[0], value))
                throw new UsageException($"{parts[0]} is given twice.");
        }

        return values;
    }
}
