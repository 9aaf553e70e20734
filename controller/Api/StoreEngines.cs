namespace Ops.Api;

/// <summary>The engines that a store can run.</summary>
public static class StoreEngines
{
    /// <summary>Valkey in cluster mode.</summary>
    public const string Valkey = "valkey";

    /// <summary>Redis in cluster mode.</summary>
    public const string Redis = "redis";

    /// <summary>Garnet in cluster mode, whose primaries the operator elects.</summary>
    public const string Garnet = "garnet";

    /// <summary>The image that a type runs unless the spec names another.</summary>
    public static string DefaultImage(string type) => type switch
    {
        Redis => "redis:7.0",
        Garnet => "ghcr.io/microsoft/garnet:2.2.8",
        _ => "valkey/valkey:8.1.1",
    };

    /// <summary>The command-line client in an image of that type.</summary>
    public static string Client(string type) => type == Redis ? "redis-cli" : "valkey-cli";

    /// <summary>The program of an image of that type.</summary>
    public static string Program(string type) => type switch
    {
        Redis => "redis-server",
        Garnet => "GarnetServer",
        _ => "valkey-server",
    };

    /// <summary>Whether the engine's primaries elect a new one when one of them fails.</summary>
    public static bool Elects(string type) => type != Garnet;
}
