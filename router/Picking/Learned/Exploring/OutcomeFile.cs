using System.Collections.Immutable;
using System.Text;

namespace Ops.Picking;

/// <summary>
/// Outcomes of exploration as bytes, little-endian: "OPSOUTCOME", version, digest of the policy file that explored, names of the
/// variants, number of draws, and each draw with its two rows of <see cref="PolicyFeatures"/>.
/// </summary>
public static class OutcomeFile
{
    /// <summary>Version of format, features and window; another one is refused.</summary>
    public const int Version = 2;

    /// <summary>Bytes of the largest file: a full ring of 254 bytes each is 4.2 MB, and the names of 32 variants.</summary>
    public const int MaxBytes = (OutcomeRing.Capacity * DrawBytes) + (64 << 10);

    private const int RowFigures = 2 * PolicyFeatures.Count;
    private const int DrawBytes = sizeof(long) + 2 + ((5 + RowFigures) * sizeof(float));
    private static readonly byte[] Magic = "OPSOUTCOME"u8.ToArray();

    /// <summary>Writes the complete draws of a ring.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="digest">Digest of the policy file that explored.</param>
    /// <param name="pools">The route's pools in order.</param>
    /// <param name="ring">The ring.</param>
    /// <param name="nowMs">Now, on the clock of the draws.</param>
    public static void Write(Stream stream, string digest, ImmutableArray<string> pools, OutcomeRing ring, long nowMs)
    {
        ArgumentNullException.ThrowIfNull(ring);
        var (draws, rows) = ring.Read(nowMs);
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(digest);
        writer.Write(pools.Length);
        foreach (var pool in pools)
            writer.Write(pool);
        writer.Write(draws.Length);
        for (var i = 0; i < draws.Length; i++)
        {
            ref readonly var draw = ref draws[i];
            writer.Write(draw.AtMs - nowMs);
            writer.Write(draw.Followed);
            writer.Write(draw.ChoiceIsRule);
            foreach (var figure in (ReadOnlySpan<float>)[draw.Propensity, draw.Delivered, draw.Arrivals, draw.PromptKilotokens, draw.Best])
                writer.Write(figure);
            foreach (var figure in rows.AsSpan(i * RowFigures, RowFigures))
                writer.Write(figure);
        }
    }

    /// <summary>Reads draws: the oldest first, each with the candidate's row and after it the choice's.</summary>
    /// <param name="bytes">The file; not trusted.</param>
    /// <param name="digest">Digest of the policy file whose outcomes are wanted.</param>
    /// <param name="pools">The route's pools in order.</param>
    /// <exception cref="InvalidDataException">The file is cut short, of another version, policy or variants; the message says which.</exception>
    public static (LiveOutcome[] Draws, float[] Rows) Read(ReadOnlySpan<byte> bytes, string digest, ImmutableArray<string> pools)
    {
        if (bytes.Length > MaxBytes)
            throw new InvalidDataException($"the outcomes have {bytes.Length} bytes, more than {MaxBytes}");
        if (!bytes.StartsWith(Magic))
            throw new InvalidDataException("these are no outcomes of exploration");
        using var reader = new BinaryReader(new MemoryStream(bytes[Magic.Length..].ToArray()), Encoding.UTF8);
        try
        {
            if (reader.ReadInt32() is var version && version != Version)
                throw new InvalidDataException($"the outcomes have version {version}, this program reads version {Version}; use programs of one version");
            if (reader.ReadString() != digest)
                throw new InvalidDataException("the outcomes are those of another policy file than the route's present one; wait until the router has read it");
            var theirs = Enumerable.Range(0, Count(reader, RouteSnapshot.MaxVariants)).Select(_ => reader.ReadString()).ToList();
            if (!theirs.SequenceEqual(pools, StringComparer.Ordinal))
                throw new InvalidDataException($"the outcomes are of variants {string.Join(", ", theirs)}, the route has {string.Join(", ", pools)}");
            return Draws(reader);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException("the outcomes are corrupt: " + e.Message, e);
        }
    }

    private static (LiveOutcome[] Draws, float[] Rows) Draws(BinaryReader reader)
    {
        var draws = new LiveOutcome[Count(reader, OutcomeRing.Capacity)];
        var rows = new float[draws.Length * RowFigures];
        for (var i = 0; i < draws.Length; i++)
        {
            draws[i] = new()
            {
                AtMs = reader.ReadInt64(), Followed = reader.ReadBoolean(), ChoiceIsRule = reader.ReadBoolean(),
                Propensity = Number(reader), Delivered = Number(reader), Arrivals = Number(reader), PromptKilotokens = Number(reader), Best = Number(reader),
            };
            for (var f = 0; f < RowFigures; f++)
                rows[(i * RowFigures) + f] = Number(reader);
        }

        return (draws, rows);
    }

    private static float Number(BinaryReader reader) =>
        reader.ReadSingle() is var value && float.IsFinite(value) ? value : throw new FormatException("a number is not finite");

    private static int Count(BinaryReader reader, int most) =>
        reader.ReadInt32() is var count && count >= 0 && count <= most ? count : throw new FormatException("a length is out of range");
}
