using BenchmarkDotNet.Attributes;
using Ops.Picking;

namespace Ops.MicroBench;

/// <summary>The hash chain over a prompt's blocks, and the expected length of its answer.</summary>
[MemoryDiagnoser]
public class Prompts
{
    private readonly OnlineLengthEstimator _lengths = new();
    private byte[] _text = [];
    private ulong _session;

    /// <summary>Size of the prompt.</summary>
    [Params(1_000, 220_000)]
    public int Bytes { get; set; }

    /// <summary>Writes the prompt.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _text = new byte[Bytes];
        new Random(1).NextBytes(_text);
        for (var i = 0; i < 10_000; i++)
            LearnLength();
    }

    /// <summary>The chain of a whole prompt.</summary>
    [Benchmark]
    public ulong Hash()
    {
        var hasher = default(PromptHasher);
        hasher.Append(_text);
        hasher.Release();
        return hasher.State;
    }

    /// <summary>One prediction.</summary>
    [Benchmark]
    public double PredictLength() => _lengths.Predict(Features());

    /// <summary>One lesson.</summary>
    [Benchmark]
    public void LearnLength() => _lengths.Observe(Features(), 100 + (int)(_session % 100));

    private LengthFeatures Features() => new() { Route = 1, Tenant = 2, Session = ++_session & 1_023, PromptTokens = Bytes / PromptHasher.BytesPerToken, MaxTokens = 500, Streaming = true };
}
