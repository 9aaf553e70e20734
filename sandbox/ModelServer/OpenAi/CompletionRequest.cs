namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>What the engine needs of a request, and nothing else of it.</summary>
internal sealed class CompletionRequest
{
    public string? Model { get; set; }

    public required AnswerKind Kind { get; init; }

    /// <summary>True for /v1/chat/completions.</summary>
    public bool Chat => Kind == AnswerKind.Chat;

    /// <summary>The field that holds the prompt.</summary>
    public string PromptField => Kind switch
    {
        AnswerKind.Chat => "messages",
        AnswerKind.Response => "input",
        _ => "prompt",
    };

    /// <summary>UTF-8 bytes of all prompt text, or four for each token of a prompt given as token ids.</summary>
    public long PromptBytes { get; set; }

    /// <summary>FNV-1a over the prompt; the seed of everything that is drawn for this request.</summary>
    public ulong PromptHash { get; set; } = 14695981039346656037;

    /// <summary>True once a prompt or a message has been seen.</summary>
    public bool HasPrompt { get; set; }

    public int? MaxTokens { get; set; }

    public bool IgnoreEos { get; set; }

    public bool Stream { get; set; }

    public bool IncludeUsage { get; set; }

    public List<string> Stop { get; } = [];

    /// <summary>One token is four bytes of prompt text, the last one maybe fewer; an empty prompt counts as one.</summary>
    public int PromptTokens => (int)Math.Clamp((PromptBytes + 3) / 4, 1, int.MaxValue);

    public void AddPrompt(ReadOnlySpan<byte> utf8)
    {
        HasPrompt = true;
        PromptBytes += utf8.Length;
        var hash = PromptHash;
        foreach (var b in utf8)
            hash = (hash ^ b) * 1099511628211;
        PromptHash = hash;
    }
}
