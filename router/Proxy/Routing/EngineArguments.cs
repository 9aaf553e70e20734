using System.Globalization;
using Ops.Api;

namespace Ops.Router;

/// <summary>What a pool's own arguments say about its engines. They are the engines' words, so this only reads what it knows.</summary>
internal static class EngineArguments
{
    // vLLM takes its options with underscores as well.
    private static readonly string[] Vllm = ["--max-num-seqs", "--max_num_seqs"];
    private static readonly string[] LlamaCpp = ["--parallel", "-np"];

    /// <summary>Requests that an engine works on at once at most; null when the arguments do not say.</summary>
    internal static int? MaxSequences(EngineSpec engine)
    {
        var names = engine.Type == EngineTypes.LlamaCpp ? LlamaCpp : Vllm;
        return int.TryParse(Value(engine.Args ?? [], names), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }

    // Of an option that is given twice the last one counts, as it does for the engines. --name value or --name=value.
    private static string? Value(IReadOnlyList<string> args, string[] names)
    {
        string? value = null;
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            if (names.Contains(equals < 0 ? args[i] : args[i][..equals], StringComparer.Ordinal))
                value = equals >= 0 ? args[i][(equals + 1)..] : i + 1 < args.Count ? args[i + 1] : null;
        }

        return value;
    }
}
