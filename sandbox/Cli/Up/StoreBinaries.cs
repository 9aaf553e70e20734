using Ops.Api;
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
        if (Find("redis-server", "REDIS_SERVER", "redis") is { } redis)
            yield return new(StoreEngines.DefaultImage(StoreEngines.Redis), new ImageEntry(redis));
        if (Find("valkey-server", "VALKEY_SERVER", "valkey") is { } valkey)
            yield return new(StoreEngines.DefaultImage(StoreEngines.Valkey), new ImageEntry(valkey));
        if (Find("garnet-server", "GARNET_SERVER", "garnet") is { } garnet)
            yield return new(StoreEngines.DefaultImage(StoreEngines.Garnet), new ImageEntry(garnet));
    }

    // The variable first, then PATH, then the cache that a script of tests/Scenario/Store fills: get-redis.sh, get-garnet.sh.
    private static string? Find(string program, string variable, string folder)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named)
            return File.Exists(named) ? named : throw new UserError($"{variable} names {named}, which does not exist; correct it or unset it.");
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return (Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [])
            .Append(Path.Combine(home, "ops", folder))
            .Select(place => Path.Combine(place, program))
            .FirstOrDefault(File.Exists);
    }
}
