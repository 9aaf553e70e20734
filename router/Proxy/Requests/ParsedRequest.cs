using System.Runtime.InteropServices;

namespace Ops.Router;

/// <summary>What the choice and the forwarding need from a request body. Refers to the body by position; copies no text.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct ParsedRequest
{
    /// <summary>Position of the model's JSON string in the body, quotes included.</summary>
    public Range ModelToken { get; set; }

    /// <summary>The model name, only when it was written with escapes; else its bytes stand between the quotes.</summary>
    public string? EscapedModel { get; set; }

    public bool Stream { get; set; }

    /// <summary>Whether the client asked for the usage chunk at the end of a stream.</summary>
    public bool IncludeUsage { get; set; }

    /// <summary>max_completion_tokens, else max_tokens, else null.</summary>
    public int? MaxTokens { get; set; }

    /// <summary>UTF-8 bytes of the prompt's text.</summary>
    public long PromptBytes { get; set; }

    /// <summary>Prompt tokens that the client sent as numbers.</summary>
    public int PromptTokenIds { get; set; }

    /// <summary>Whether the request names an end user; the name itself stays in the body.</summary>
    public bool HasUser { get; set; }

    /// <summary>Four bytes of text are about one token.</summary>
    public readonly int EstimatedPromptTokens => (int)Math.Min(int.MaxValue, (PromptBytes + 3) / 4 + PromptTokenIds);
}
