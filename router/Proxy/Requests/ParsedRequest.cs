using System.Runtime.InteropServices;
using Ops.Picking;

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

    /// <summary>max_completion_tokens, else max_output_tokens, else max_tokens, else null; 0 where no token is generated.</summary>
    public int? MaxTokens { get; set; }

    /// <summary>UTF-8 bytes of the prompt's text.</summary>
    public long PromptBytes { get; set; }

    /// <summary>Prompt tokens that the client sent as numbers.</summary>
    public int PromptTokenIds { get; set; }

    /// <summary>The chain of the prompt's blocks. A field, because feeding it changes it.</summary>
    public PromptHasher Prompt;

    /// <summary>Hash of the prompt up to the end of its first text, usually an application's system prompt; 0 for none.</summary>
    public ulong Template { get; set; }

    /// <summary>Hash of prompt_cache_key, else of user; 0 for none. The names themselves stay in the body.</summary>
    public readonly ulong SessionKey => PromptCacheKey != 0 ? PromptCacheKey : User;

    /// <summary>Hash of prompt_cache_key, which clients send to have similar prompts served where they are cached; 0 for none.</summary>
    public ulong PromptCacheKey { get; set; }

    /// <summary>Hash of user, whose place prompt_cache_key has taken; 0 for none.</summary>
    public ulong User { get; set; }

    /// <summary>Hash of cache_salt, with which vLLM keeps the caches of tenants apart; 0 for none.</summary>
    public ulong CacheSalt { get; set; }

    /// <summary>Four bytes of text are about one token.</summary>
    public readonly int EstimatedPromptTokens => (int)Math.Min(int.MaxValue, (PromptBytes + PromptHasher.BytesPerToken - 1) / PromptHasher.BytesPerToken + PromptTokenIds);
}
