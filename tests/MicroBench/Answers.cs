using System.Text;
using BenchmarkDotNet.Attributes;
using Ops.Picking;
using Ops.Router;

namespace Ops.MicroBench;

/// <summary>What an answer costs beyond its forwarding: its bytes looked at, its figures put into histograms.</summary>
[MemoryDiagnoser]
public class Answers
{
    private static readonly byte[] Chunk = Encoding.UTF8.GetBytes("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token\"}}]}\n\n");

    private readonly ResponseObserver _observer = new(TimeProvider.System, 0, Objective.Default);
    private readonly VariantMetrics _metrics = new RouterMetrics(static () => 0).Of("default/chat", "pool", "chat", "vendor/pool");
    private double _seconds;

    /// <summary>Begins a stream.</summary>
    [GlobalSetup]
    public void Setup() => _observer.Start(isEventStream: true);

    /// <summary>One chunk of a stream on its way past.</summary>
    [Benchmark]
    public void Observe() => _observer.OnBytes(Chunk);

    /// <summary>The first token's time of one stream.</summary>
    [Benchmark]
    public void OneHistogram() => _metrics.FirstToken.Observe(Next());

    /// <summary>The figures of the inference extension for one answer.</summary>
    [Benchmark]
    public void InferenceFigures() => _metrics.Inference.Observe(Next(), 1_000, 20_000, 250, 64);

    private double Next() => _seconds = _seconds > 10 ? 0 : _seconds + 0.001;
}
