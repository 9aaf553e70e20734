namespace Ops.Picking;

/// <summary>
/// How much of the sheddable traffic is turned away as the fleet fills: nothing while less than four fifths of the room
/// are taken, then a share that grows on a straight line to all of it when a fifth more than the room is asked for.
/// </summary>
/// <remarks>
/// share(s) = clamp((s - 0.8) / 0.4, 0, 1) with saturation s = (requests at replicas + requests waiting) / room.
/// The line begins below 1 so that sheddable traffic leaves before others have to wait, and it is a line, not a step,
/// so that the load does not swing between all and nothing.
/// </remarks>
public static class Shedding
{
    /// <summary>Saturation up to which nothing is shed.</summary>
    public const double Begins = 0.8;

    /// <summary>Saturation from which on everything sheddable is shed.</summary>
    public const double Complete = 1.2;

    // The golden ratio's fraction: multiples of it spread over 0..1 more evenly than random numbers do, so the share
    // that is shed is met within a few requests and nobody can predict it from outside without counting them all.
    private const double Golden = 0.618_033_988_749_894_9;

    /// <summary>Share of sheddable requests to turn away, 0..1.</summary>
    public static double Share(double saturation) => Math.Clamp((saturation - Begins) / (Complete - Begins), 0, 1);

    /// <summary>Whether the n-th sheddable request is turned away.</summary>
    /// <param name="saturation">Taken and asked for by room.</param>
    /// <param name="ordinal">Counts the sheddable requests.</param>
    public static bool Sheds(double saturation, uint ordinal) => ordinal * Golden % 1 < Share(saturation);
}
