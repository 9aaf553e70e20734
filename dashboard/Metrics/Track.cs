namespace Ops.Dashboard.Metrics;

/// <summary>
/// One figure over time in two rings that never grow: every round of the last half hour, and means of fifteen rounds over
/// the last six. 4 bytes x (900 + 720) = 6.5 KB.
/// </summary>
internal sealed class Track
{
    /// <summary>Rounds kept as they are: 30 minutes of 2 s.</summary>
    public const int Fine = 900;

    /// <summary>Means kept: 6 hours of 30 s.</summary>
    public const int Coarse = 720;

    /// <summary>Rounds in a mean.</summary>
    public const int Rounds = 15;

    private readonly float[] fine = Empty(Fine);
    private readonly float[] coarse = Empty(Coarse);
    private double sum;
    private int count;

    /// <summary>The last round that was written; -1 before the first.</summary>
    public long Last { get; private set; } = -1;

    /// <summary>Writes a round; rounds come in ascending order, and those left out are gaps.</summary>
    public void Write(long round, double value)
    {
        if (round < Last)
            return;
        Forget(fine, Last, round);
        if (round / Rounds != Last / Rounds || Last < 0)
        {
            Forget(coarse, Last < 0 ? -1 : Last / Rounds, round / Rounds);
            (sum, count) = (0, 0);
        }

        fine[round % Fine] = (float)value;
        (sum, count) = (sum + value, count + 1);
        coarse[round / Rounds % Coarse] = (float)(sum / count);
        Last = round;
    }

    /// <summary>The value of a round, or NaN.</summary>
    public float At(long round) => round > Last || round <= Last - Fine || round < 0 ? float.NaN : fine[round % Fine];

    /// <summary>The mean over the round's fifteen, or NaN.</summary>
    public float MeanAt(long round)
    {
        var (slot, last) = (round / Rounds, Last / Rounds);
        return Last < 0 || slot > last || slot <= last - Coarse || round < 0 ? float.NaN : coarse[slot % Coarse];
    }

    // What the ring held one turn ago must not be seen in a gap.
    private static void Forget(float[] ring, long after, long before)
    {
        if (after < 0)
            return;
        for (var slot = Math.Max(after + 1, before - ring.Length + 1); slot < before; slot++)
            ring[slot % ring.Length] = float.NaN;
    }

    private static float[] Empty(int length)
    {
        var ring = new float[length];
        Array.Fill(ring, float.NaN);
        return ring;
    }
}
