using Ops.Sandbox.Node;

namespace Ops.Cli.Up;

/// <summary>
/// Store engines that this machine happens to have. An engine that is not found has no image: a store of it turns
/// Degraded with ErrImagePull, as on a cluster that cannot reach its registry.
/// </summary>
internal static class StoreBinaries
{
    /// <summary>Image name and executable of every engine that is found.</summary>
    public static IEnumerable<KeyValuePair<string, ImageEntry>> Images()
    {
        if (Find("redis-server", "REDIS_SERVER") is { } redis)
            yield return new("redis:7.0", new ImageEntry(redis));
        if (Find("valkey-server", "VALKEY_SERVER") is { } valkey)
            yield return new("valkey/valkey:8.1.1", new ImageEntry(valkey));
    }

    // The variable first, then PATH, then the cache that tests/Scenario/Store/get-redis.sh fills.
    private static string? Find(string program, string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
            return File.Exists(named) ? named : throw new UserError($"{variable} names {named}, which does not exist; correct it or unset it.");
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return (Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [])
            .Append(Path.Combine(home, "ops", "redis"))
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
    }
}
