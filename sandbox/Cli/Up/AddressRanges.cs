namespace Ops.Cli.Up;

/// <summary>The loopback addresses of one sandbox. They stay the same for a state folder, because its objects hold them.</summary>
/// <param name="Pods">One address for each pod.</param>
/// <param name="Services">One address for each Service.</param>
internal sealed record AddressRanges(string Pods, string Services)
{
    // Folders of their own get one of 64 pairs, so that sandboxes side by side (a test beside a user's) rarely meet.
    private const int Pairs = 64;

    /// <summary>The ranges of a state folder: 127.10 and 127.96 for the default one, a pair by its path for any other.</summary>
    public static AddressRanges For(string statePath)
    {
        if (statePath == StateFolder.DefaultPath)
            return new AddressRanges("127.10.0.0/16", "127.96.0.0/16");
        var pair = StableHash(statePath) % Pairs;
        return new AddressRanges($"127.{16 + pair}.0.0/16", $"127.{128 + pair}.0.0/16");
    }

    // FNV-1a: string.GetHashCode differs from process to process.
    private static uint StableHash(string text) => text.Aggregate(2166136261u, (hash, letter) => unchecked((hash ^ letter) * 16777619u));
}
