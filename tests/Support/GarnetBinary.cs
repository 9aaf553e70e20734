namespace Ops.Testing;

/// <summary>Finds garnet-server: on PATH, else in the cache that get-garnet.sh fills. In CI it is fetched when missing.</summary>
public static class GarnetBinary
{
    private const string Script = "tests/Scenario/Store/get-garnet.sh";

    /// <summary>What to do where there is none.</summary>
    public const string Missing = "garnet-server not found; run " + Script + " (no root), or put garnet-server 2.2.8 or newer on PATH";

    /// <summary>Path of garnet-server; null where there is none and this is not CI.</summary>
    public static Task<string?> FindAsync(CancellationToken cancellation) => SetupScript.FindOrFetchAsync("garnet-server", "garnet", Script, cancellation);
}
