using System.Text;
using BenchmarkDotNet.Attributes;
using Ops.Router;

namespace Ops.MicroBench;

/// <summary>The one scan of a request's body: JSON checked, model found, prompt measured and hashed.</summary>
[MemoryDiagnoser]
public class Bodies
{
    private byte[] _body = [];

    /// <summary>Size of the prompt.</summary>
    [Params(1_000, 220_000)]
    public int PromptBytes { get; set; }

    /// <summary>Writes the body.</summary>
    [GlobalSetup]
    public void Setup() => _body = Encoding.UTF8.GetBytes($$"""{"model":"chat","stream":true,"messages":[{"role":"user","content":"{{new string('a', PromptBytes)}}"}]}""");

    /// <summary>One scan.</summary>
    [Benchmark]
    public int Parse()
    {
        RequestParser.Parse(_body, Operation.Chat, out var parsed);
        parsed.Prompt.Release();
        return parsed.EstimatedPromptTokens;
    }
}
