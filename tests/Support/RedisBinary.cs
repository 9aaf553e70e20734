namespace Ops.Testing;

/// <summary>Finds redis-server: on PATH, else in the cache that get-redis.sh fills. In CI it is fetched when missing.</summary>
public static class RedisBinary
{
    private const string Script = "tests/Scenario/Store/get-redis.sh";

    /// <summary>What to do where there is none.</summary>
    public const string Missing = "redis-server not found; run " + Script + " (Debian, no root), or put redis-server 7 or newer on PATH";

    /// <summary>Path of redis-server; null where there is none and this is not CI.</summary>
    public static Task<string?> FindAsync(CancellationToken cancellation) => SetupScript.FindOrFetchAsync("redis-server", "redis", Script, cancellation);

    /// <summary>Path of redis-cli; null where there is none.</summary>
    public static string? FindCli() => SetupScript.Find("redis-cli", SetupScript.Cache("redis"));
}
