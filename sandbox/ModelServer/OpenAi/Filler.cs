using System.Numerics;
using System.Text;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>
/// Answer text that means nothing: the same prompt always gets the same words. A token is four bytes, a word of three letters and
/// a blank, so that counting the answer's bytes by the prompt rule gives the number of tokens generated.
/// </summary>
internal readonly struct Filler(ulong seed)
{
    /// <summary>Bytes of a token.</summary>
    public const int TokenBytes = 4;

    private static readonly byte[] Words = Encoding.ASCII.GetBytes(
        "air all and any arc ark art ash ask bay bee big box bud cab can cap car cat cow cup day dew dog ear egg elm end eye far few fig " +
        "fir fog for fox gem gum hay hen her his hut ice ink ivy jam jar jay key kit law leg log map may net new now oak oar oat odd old ");

    /// <summary>Number of different words; a power of two.</summary>
    private static readonly int Count = Words.Length / TokenBytes;

    /// <summary>The token at a position.</summary>
    public ReadOnlySpan<byte> Token(int index) => Words.AsSpan((int)(Mix(seed + (ulong)index) % (ulong)Count) * TokenBytes, TokenBytes);

    /// <summary>The first <paramref name="tokens"/> tokens as text.</summary>
    public string Text(int tokens)
    {
        return string.Create(tokens * TokenBytes, this, static (span, filler) =>
        {
            for (var i = 0; i < span.Length / TokenBytes; i++)
                Encoding.ASCII.GetChars(filler.Token(i), span[(i * TokenBytes)..]);
        });
    }

    /// <summary>
    /// Answer length where the client sets no limit: log-normal with a mean of 211 tokens and a coefficient of variation of 0.76,
    /// as in the conversation trace that <c>./ops load</c> replays.
    /// </summary>
    public int DrawLength(int longest)
    {
        const double mean = 211, variation = 0.76;
        var variance = Math.Log(1 + (variation * variation));
        var u = (Mix(seed ^ 0x9E3779B97F4A7C15) >> 11) * BitConverter.Int64BitsToDouble(0x3CA0000000000000);
        var v = (Mix(seed ^ 0xD1B54A32D192ED03) >> 11) * BitConverter.Int64BitsToDouble(0x3CA0000000000000);
        var normal = Math.Sqrt(-2 * Math.Log(1 - u)) * Math.Cos(2 * Math.PI * v);
        var length = Math.Exp(Math.Log(mean) - (variance / 2) + (Math.Sqrt(variance) * normal));
        return (int)Math.Clamp(Math.Round(length), 1, longest);
    }

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return BitOperations.RotateLeft(z ^ (z >> 31), 17);
    }
}
