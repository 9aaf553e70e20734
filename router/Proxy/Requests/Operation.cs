namespace Ops.Router;

/// <summary>What a client asks for, by the path it asks at.</summary>
internal enum Operation
{
    Chat,
    Completions,
    Embeddings,
    Responses,
}

/// <summary>What follows from an operation.</summary>
internal static class Operations
{
    /// <summary>The operation at a path; null when there is none.</summary>
    internal static Operation? Of(string? path) => path switch
    {
        Paths.Chat => Operation.Chat,
        Paths.Completions => Operation.Completions,
        Paths.Embeddings => Operation.Embeddings,
        Paths.Responses => Operation.Responses,
        _ => null,
    };

    /// <summary>The path, which is a constant and never the client's own string.</summary>
    internal static string Path(this Operation operation) => operation switch
    {
        Operation.Chat => Paths.Chat,
        Operation.Completions => Paths.Completions,
        Operation.Embeddings => Paths.Embeddings,
        _ => Paths.Responses,
    };
}
