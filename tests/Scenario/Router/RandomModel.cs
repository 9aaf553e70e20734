using System.Text;

namespace Ops.RouterScenario;

/// <summary>
/// Writes a model with random weights in GGUF, version 3: the architecture of Llama with 2 layers of 64 numbers and a
/// vocabulary of 256 bytes and a few words. It answers nonsense in words, as a real engine serves it.
/// </summary>
internal static class RandomModel
{
    private const int Width = 64;
    private const int Layers = 2;
    private const int Hidden = 128;
    private const int Heads = 4;
    private const int Seed = 7;
    private const int Alignment = 32;

    // Types of metadata values.
    private const uint Uint32 = 4, Int32 = 5, Float32 = 6, Text = 8, Array = 9;

    private static readonly string[] Words =
        "air all and any arc ark art ash ask bay bee big box bud cab can cap car cat cow cup day dew dog ear egg elm end eye far few fig".Split(' ');

    /// <summary>Writes the file.</summary>
    internal static void Write(string file)
    {
        var random = new Random(Seed);
        // Byte tokens let a tokenizer take any text; the word pieces begin with the mark that stands for a blank.
        string[] tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(i => $"<0x{i:X2}>"), "\u2581", .. Words.Select(word => "\u2581" + word)];
        var special = 3 + 256;
        int[] types = [2, 3, 3, .. Enumerable.Repeat(6, 256), .. Enumerable.Repeat(1, tokens.Length - special)];
        using var output = new BinaryWriter(File.Create(file));
        var tensors = Tensors(random, tokens.Length, special).ToList();
        output.Write("GGUF"u8);
        output.Write(3u);
        output.Write((ulong)tensors.Count);
        WriteMetadata(output, tokens, types);
        WriteTensors(output, tensors);
    }

    private static void WriteMetadata(BinaryWriter output, string[] tokens, int[] types)
    {
        (string Key, uint Type, Action Value)[] pairs =
        [
            ("general.architecture", Text, () => WriteText(output, "llama")),
            ("general.name", Text, () => WriteText(output, "random")),
            ("llama.context_length", Uint32, () => output.Write(2048u)),
            ("llama.embedding_length", Uint32, () => output.Write((uint)Width)),
            ("llama.block_count", Uint32, () => output.Write((uint)Layers)),
            ("llama.feed_forward_length", Uint32, () => output.Write((uint)Hidden)),
            ("llama.attention.head_count", Uint32, () => output.Write((uint)Heads)),
            ("llama.attention.layer_norm_rms_epsilon", Float32, () => output.Write(1e-5f)),
            ("llama.rope.dimension_count", Uint32, () => output.Write((uint)(Width / Heads))),
            ("llama.vocab_size", Uint32, () => output.Write((uint)tokens.Length)),
            ("tokenizer.ggml.model", Text, () => WriteText(output, "llama")),
            ("tokenizer.ggml.tokens", Array, () => WriteArray(output, Text, tokens, token => WriteText(output, token))),
            ("tokenizer.ggml.scores", Array, () => WriteArray(output, Float32, tokens, token => output.Write(token.StartsWith('\u2581') ? -1f : 0f))),
            ("tokenizer.ggml.token_type", Array, () => WriteArray(output, Int32, types, output.Write)),
            ("tokenizer.ggml.bos_token_id", Uint32, () => output.Write(1u)),
            ("tokenizer.ggml.eos_token_id", Uint32, () => output.Write(2u)),
            ("tokenizer.ggml.unknown_token_id", Uint32, () => output.Write(0u)),
        ];
        output.Write((ulong)pairs.Length);
        foreach (var (key, type, value) in pairs)
        {
            WriteText(output, key);
            output.Write(type);
            value();
        }
    }

    private static IEnumerable<(string Name, int[] Shape, float[] Values)> Tensors(Random random, int vocabulary, int special)
    {
        yield return ("token_embd.weight", [Width, vocabulary], Normal(random, Width * vocabulary, 1));
        yield return ("output_norm.weight", [Width], Ones());
        // Bytes and the end mark get no weight, so that answers are words and as long as asked for.
        yield return ("output.weight", [Width, vocabulary], [.. new float[Width * special], .. Normal(random, Width * (vocabulary - special), 0.5)]);
        for (var layer = 0; layer < Layers; layer++)
        {
            yield return ($"blk.{layer}.attn_norm.weight", [Width], Ones());
            foreach (var part in (string[])["attn_q", "attn_k", "attn_v", "attn_output"])
                yield return ($"blk.{layer}.{part}.weight", [Width, Width], Normal(random, Width * Width, 0.15));
            yield return ($"blk.{layer}.ffn_norm.weight", [Width], Ones());
            yield return ($"blk.{layer}.ffn_gate.weight", [Width, Hidden], Normal(random, Width * Hidden, 0.15));
            yield return ($"blk.{layer}.ffn_up.weight", [Width, Hidden], Normal(random, Width * Hidden, 0.15));
            yield return ($"blk.{layer}.ffn_down.weight", [Hidden, Width], Normal(random, Width * Hidden, 0.1));
        }
    }

    private static void WriteTensors(BinaryWriter output, List<(string Name, int[] Shape, float[] Values)> tensors)
    {
        ulong offset = 0;
        foreach (var (name, shape, values) in tensors)
        {
            WriteText(output, name);
            output.Write((uint)shape.Length);
            foreach (var size in shape)
                output.Write((ulong)size);
            output.Write(0u); // 32-bit floats
            output.Write(offset);
            offset += (ulong)((values.Length * sizeof(float)) + Padding(values.Length * sizeof(float)));
        }

        output.Write(new byte[Padding(output.BaseStream.Position)]);
        foreach (var (_, _, values) in tensors)
        {
            foreach (var value in values)
                output.Write(value);
            output.Write(new byte[Padding(values.Length * sizeof(float))]);
        }
    }

    private static int Padding(long length) => (int)((Alignment - (length % Alignment)) % Alignment);

    private static float[] Ones() => [.. Enumerable.Repeat(1f, Width)];

    private static float[] Normal(Random random, int count, double scale) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];

    private static void WriteText(BinaryWriter output, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        output.Write((ulong)bytes.Length);
        output.Write(bytes);
    }

    private static void WriteArray<T>(BinaryWriter output, uint type, T[] values, Action<T> write)
    {
        output.Write(type);
        output.Write((ulong)values.Length);
        foreach (var value in values)
            write(value);
    }
}
