namespace Ops.Neural.Tests;

/// <summary>A saved network is the same network, and a damaged file is refused.</summary>
public sealed class File_rules
{
    [Fact]
    public void A_network_read_back_gives_the_same_answers()
    {
        var network = new Network(4, [new Layer(9, Activation.Relu), new Layer(5, Activation.Tanh), new Layer(2, Activation.Linear)], new Random(1));

        var back = NetworkFile.Load(new MemoryStream(Saved(network)));

        back.Layers.ShouldBe(network.Layers);
        var (expected, actual) = (new float[2], new float[2]);
        network.Predict([1, -2, 3, 0.5f], expected);
        back.Predict([1, -2, 3, 0.5f], actual);
        actual.ShouldBe(expected);
        Saved(back).ShouldBe(Saved(network));
    }

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        var bytes = Saved(new Network(2, [new Layer(2, Activation.Relu)], new Random(1)));

        for (var length = 0; length < bytes.Length; length++)
            Should.Throw<InvalidDataException>(() => NetworkFile.Load(new MemoryStream(bytes[..length])));
    }

    [Theory]
    [InlineData(0, "OPSNET1")]
    [InlineData(8, "inputs")]
    [InlineData(12, "layers")]
    [InlineData(16, "outputs")]
    [InlineData(20, "activation")]
    [InlineData(24, "not finite")]
    public void A_forged_field_is_refused_by_name(int position, string said)
    {
        var bytes = Saved(new Network(2, [new Layer(2, Activation.Relu)], new Random(1)));
        // As a count far too large, as a float NaN.
        new byte[] { 0xFF, 0xFF, 0xFF, 0x7F }.CopyTo(bytes, position);

        Should.Throw<InvalidDataException>(() => NetworkFile.Load(new MemoryStream(bytes))).Message.ShouldContain(said);
    }

    private static byte[] Saved(Network network)
    {
        var stream = new MemoryStream();
        NetworkFile.Save(network, stream);
        return stream.ToArray();
    }
}
