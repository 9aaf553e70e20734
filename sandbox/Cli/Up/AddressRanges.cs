using System.Globalization;
using Ops.Sandbox.Node;

namespace Ops.Cli.Up;

/// <summary>Which loopback addresses a state folder has. They stay the same as long as its objects, which hold them.</summary>
internal static class AddressRanges
{
    // Holds the number of the pair.
    private const string Record = "addresses";

    /// <summary>Takes the ranges that the folder had, or for a folder without objects any that are free: the sandbox's defaults for the default folder.</summary>
    /// <exception cref="UserError">Another sandbox has those that the folder's objects hold.</exception>
    public static LoopbackRanges Take(StateFolder state)
    {
        var ranges = Recorded(state) is { } pair
            ? LoopbackRanges.TryTake(pair) ?? throw new UserError(
                $"Another sandbox runs with the addresses that the objects in {state.Path} have; stop that one, or start anew with --fresh, which deletes these objects.")
            : (state.Path == StateFolder.DefaultPath ? LoopbackRanges.TryTake(0) : null) ?? LoopbackRanges.Take(StableHash(state.Path));
        state.WritePrivate(Record, ranges.Pair.ToString(CultureInfo.InvariantCulture));
        return ranges;
    }

    private static int? Recorded(StateFolder state)
    {
        var file = Path.Combine(state.Path, Record);
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var pair) && pair is >= 0 and < LoopbackRanges.Pairs
            ? pair
            : null;
    }

    // FNV-1a: string.GetHashCode differs from process to process.
    private static uint StableHash(string text) => text.Aggregate(2166136261u, (hash, letter) => unchecked((hash ^ letter) * 16777619u));
}
