using System.Diagnostics;
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
        using var script = Process.Start("bash", [Path.Combine(Repository.Root, Script)]);
        await script.WaitForExitAsync(cancellation);
        return Find() ?? throw new InvalidOperationException($"{Script} failed with exit code {script.ExitCode}; its last lines stand above");
    }

    private static string? Find()
    {
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var path = Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [];
        return path.Append(Path.Combine(home, "ops", "redis")).Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);
    }
}
