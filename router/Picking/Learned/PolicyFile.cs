using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Ops.Picking;

/// <summary>
/// A policy model as bytes, little-endian: "OPSPOLICY" and the version, what it was trained for, ranges, layers, and at the
/// end the SHA-256 of everything before it.
/// </summary>
public static class PolicyFile
{
    /// <summary>Version of format and features; another one is refused.</summary>
    public const int Version = 2;

    /// <summary>A ConfigMap holds 1 MiB, of which base64 leaves three quarters; our models have some tens of KB.</summary>
    public const int MaxBytes = 512 * 1024;

    private const int HashBytes = 32;
    private const int MostLayers = 8;
    private static readonly byte[] Magic = "OPSPOLICY"u8.ToArray();

    /// <summary>What a file is known by: lower-case hexadecimal SHA-256 of all of it.</summary>
    public static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Writes a model.</summary>
    public static byte[] Write(PolicyModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(model.Pools.Length);
            foreach (var pool in model.Pools)
                writer.Write(pool);
            writer.Write(model.Margin);
            writer.Write(model.EnergyWeight);
            Write(writer, model.Lowest.AsSpan());
            Write(writer, model.Highest.AsSpan());
            writer.Write(model.Weights.Count);
            for (var layer = 0; layer < model.Weights.Count; layer++)
            {
                Write(writer, model.Weights[layer]);
                Write(writer, model.Biases[layer]);
            }
        }

        stream.Write(SHA256.HashData(stream.ToArray()));
        return stream.ToArray();
    }

    /// <summary>Reads a model for a route.</summary>
    /// <param name="bytes">The file; not trusted.</param>
    /// <param name="pools">The route's pools in order; a model for others is refused.</param>
    /// <exception cref="InvalidDataException">The file is cut short, changed, of another version or for other variants; the message says which.</exception>
    public static PolicyModel Read(ReadOnlySpan<byte> bytes, ImmutableArray<string> pools)
    {
        if (bytes.Length > MaxBytes)
            throw new InvalidDataException($"the policy file has {bytes.Length} bytes, more than {MaxBytes}");
        if (bytes.Length < Magic.Length + sizeof(int) + HashBytes || !bytes.StartsWith(Magic))
            throw new InvalidDataException("this is no policy file");
        var version = BitConverter.ToInt32(bytes[Magic.Length..]);
        if (version != Version)
            throw new InvalidDataException($"the policy file has version {version}, this router reads version {Version}; train it again");
        if (!SHA256.HashData(bytes[..^HashBytes]).AsSpan().SequenceEqual(bytes[^HashBytes..]))
            throw new InvalidDataException("the policy file is corrupt: its checksum does not match");
        try
        {
            return Read(new BinaryReader(new MemoryStream(bytes[(Magic.Length + sizeof(int))..^HashBytes].ToArray()), Encoding.UTF8), pools);
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException or FormatException)
        {
            throw new InvalidDataException("the policy file is corrupt: " + e.Message, e);
        }
    }

    private static PolicyModel Read(BinaryReader reader, ImmutableArray<string> pools)
    {
        var trained = Enumerable.Range(0, Count(reader, RouteSnapshot.MaxVariants)).Select(_ => reader.ReadString()).ToImmutableArray();
        if (!trained.SequenceEqual(pools, StringComparer.Ordinal))
            throw new InvalidDataException($"the policy was trained for variants {string.Join(", ", trained)}, the route has {string.Join(", ", pools)}; train it again");
        var (margin, energyWeight) = (reader.ReadDouble(), reader.ReadDouble());
        if (!(margin >= 0) || !double.IsFinite(energyWeight))
            throw new FormatException("margin or energy weight is no number");
        var (lowest, highest) = (Numbers(reader), Numbers(reader));
        var layers = Enumerable.Range(0, Count(reader, MostLayers)).Select(_ => (Weights: Numbers(reader), Biases: Numbers(reader))).ToList();
        return new PolicyModel(trained, margin, energyWeight, [.. lowest], [.. highest], layers.Select(l => l.Weights), layers.Select(l => l.Biases));
    }

    private static void Write(BinaryWriter writer, ReadOnlySpan<float> numbers)
    {
        writer.Write(numbers.Length);
        foreach (var number in numbers)
            writer.Write(number);
    }

    private static float[] Numbers(BinaryReader reader)
    {
        var numbers = new float[Count(reader, MaxBytes / sizeof(float))];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = reader.ReadSingle() is var value && float.IsFinite(value) ? value : throw new FormatException("a number is not finite");
        return numbers;
    }

    private static int Count(BinaryReader reader, int most) =>
        reader.ReadInt32() is var count && count >= 0 && count <= most ? count : throw new FormatException("a length is out of range");
}
