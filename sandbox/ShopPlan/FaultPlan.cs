namespace Ops.Sandbox.ShopPlan;

/// <summary>One kind of fault that can be injected into a running shop.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Summary">What really happens.</param>
/// <param name="Metric">How the recorded metric that the cause itself moves begins; null where nothing is at fault.</param>
/// <param name="Targets">Services that it fits, those that most requests depend on first; the first is the default.</param>
public sealed record FaultPlan(string Name, string Summary, string? Metric, IReadOnlyList<string> Targets);

/// <summary>Every kind of fault, and the surge that is none.</summary>
public static class Faults
{
    /// <summary>More users at once; no service is at fault.</summary>
    public const string Surge = "load-surge";

    /// <summary>By name, as <c>./ops chaos list</c> prints them.</summary>
    public static IReadOnlyList<FaultPlan> All { get; } =
    [
        new("cpu-hog", "a loop in the process keeps its one core busy", "cpu",
            ["catalog", "users", "database", "recommendation", "cart", "checkout", "ads", "currency", "payment", "shipping"]),
        new("memory-growth", "a list grows, is kept, and is searched by every request", "mem",
            ["recommendation", "users", "catalog", "database", "cache", "cart", "checkout", "inventory"]),
        new("slow-disk", "the disk takes fewer bytes a second; writers queue behind each other", "disk", ["database", "email"]),
        new("slow-dependency", "each request waits longer inside the service, holding its worker", "latency",
            ["catalog", "database", "users", "inventory", "recommendation", "cache", "currency", "payment", "shipping"]),
        new("packet-delay", "the TCP relay in front of the service holds every packet back", "gap",
            ["users", "database", "catalog", "recommendation", "cache", "cart", "currency", "inventory", "payment", "shipping"]),
        new("pool-exhaustion", "connections to a callee leak until hardly one is left", "pool",
            ["users", "frontend", "catalog", "cart", "checkout", "inventory", "payment", "recommendation"]),
        new("lock-contention", "a background task holds the service's lock over and over", "lock", ["inventory", "cache", "database", "cart"]),
        new("retry-storm", "calls are given up too early and tried again at once", "retries",
            ["users", "catalog", "recommendation", "cart", "checkout", "inventory", "payment"]),
        new("cache-loss", "the service's own cache keeps nothing", "cache", ["catalog", "users", "recommendation", "ads", "currency", "inventory"]),
        new("noisy-neighbour", "another team's job floods a shared callee", "job", ["batch"]),
        new(Surge, "more users at once; no service is at fault", null, [Shop.Load]),
    ];

    /// <summary>A kind by its name; null where there is none.</summary>
    public static FaultPlan? Find(string name) => All.FirstOrDefault(fault => fault.Name == name);
}
