using System.Globalization;

namespace Ops.Kube;

/// <summary>
/// What may be concluded from two resourceVersions of one object. Officially they are opaque and only equality means
/// something; every kube-apiserver sends decimal integers that grow with each write of a resource type, and since 1.35
/// that is promised. So order is used only where both parse as integers, and only to drop an event that is older than
/// what is held of the same object. Where they do not parse, order is unknown and the event is taken: a stream delivers
/// in order, so taking is right except for a replay, and a replay is followed by what it replays.
/// </summary>
internal static class ResourceVersions
{
    /// <summary>True if the candidate is known to be older than what is held.</summary>
    public static bool IsOlder(string candidate, string held) =>
        TryParse(candidate, out var c) && TryParse(held, out var h) && c < h;

    private static bool TryParse(string version, out ulong number) =>
        ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
