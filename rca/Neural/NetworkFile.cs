using System.Text;

namespace Ops.Neural;

/// <summary>
/// A network as bytes, little-endian: "OPSNET1\n", inputs, number of layers, then for each layer its outputs, its
/// activation, its weights (inputs by outputs) and its biases. Training state is not part of it.
/// </summary>
public static class NetworkFile
{
    private static readonly byte[] Magic = "OPSNET1\n"u8.ToArray();

    // A file is untrusted: 16 layers of 4,096 x 4,096 are a gigabyte, far above any network of ours, and bound what a
    // forged header can make this process allocate. Each layer is read before the next one is believed.
    private const int MostLayers = 16;
    private const int MostWidth = 4096;

    /// <summary>Writes a network.</summary>
    public static void Save(Network network, Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(network.Inputs);
        writer.Write(network.Dense.Count);
        foreach (var layer in network.Dense)
        {
            writer.Write(layer.Weights.Columns);
            writer.Write((int)layer.Activation);
            foreach (var parameter in new[] { layer.Weight, layer.Bias })
                foreach (var value in parameter.Values)
                    writer.Write(value);
        }
    }

    /// <summary>Reads a network.</summary>
    /// <exception cref="InvalidDataException">The bytes are no network, are cut short, or hold a number that is not finite.</exception>
    public static Network Load(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        try
        {
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic))
                throw new InvalidDataException("This is no network file: it does not begin with OPSNET1.");
            var inputs = Count(reader, "inputs", MostWidth);
            var layers = new DenseLayer[Count(reader, "layers", MostLayers)];
            for (var i = 0; i < layers.Length; i++)
            {
                layers[i] = ReadLayer(reader, inputs);
                inputs = layers[i].Weights.Columns;
            }

            return new Network(layers);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The network file is cut short.", e);
        }
    }

    private static DenseLayer ReadLayer(BinaryReader reader, int inputs)
    {
        var outputs = Count(reader, "outputs", MostWidth);
        var activation = (Activation)reader.ReadInt32();
        if (!Enum.IsDefined(activation))
            throw new InvalidDataException($"The network file names an unknown activation {(int)activation}.");
        return new DenseLayer(new Matrix(inputs, outputs, Numbers(reader, inputs * outputs)), Numbers(reader, outputs), activation);
    }

    private static int Count(BinaryReader reader, string what, int most)
    {
        var count = reader.ReadInt32();
        return count >= 1 && count <= most ? count : throw new InvalidDataException($"The network file tells {count} {what}; 1 to {most} are possible.");
    }

    private static float[] Numbers(BinaryReader reader, int count)
    {
        var numbers = new float[count];
        for (var i = 0; i < count; i++)
            numbers[i] = reader.ReadSingle() is var value && float.IsFinite(value) ? value : throw new InvalidDataException("The network file holds a number that is not finite.");
        return numbers;
    }
}
