using Ops.Testing;

namespace Ops.StoreScenario;

/// <summary>Finds redis-server: on PATH, else in the cache that get-redis.sh fills. In CI it is fetched when missing.</summary>
internal static class RedisBinary
{
    private const string Script = "tests/Scenario/Store/get-redis.sh";

    internal const string Missing = "redis-server not found; run " + Script + " (Debian, no root), or put redis-server 7 or newer on PATH";

    internal static async Task<string?> FindAsync(CancellationToken cancellation)
    {
        if (Find() is { } found)
            return found;
        if (Environment.GetEnvironmentVariable("CI") != "true")
            return null;
        await SetupScript.RunAsync(Path.Combine(Repository.Root, Script), Console.Error.WriteLine, cancellation);
        return Find();
    }

    private static string? Find() => SetupScript.Find("redis-server", SetupScript.Cache("redis"));
}
