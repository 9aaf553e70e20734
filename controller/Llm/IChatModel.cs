using System.Text.Json.Nodes;

namespace Ops.Llm;

/// <summary>A chat model that answers by tool calls.</summary>
public interface IChatModel
{
    /// <summary>Asks once; no retries.</summary>
    /// <exception cref="ChatModelException">It did not answer, or not in time.</exception>
    Task<ChatReply> AskAsync(ChatRequest request, CancellationToken cancellationToken);
}

/// <summary>A question.</summary>
/// <param name="Instructions">What it is to do; written here, never from telemetry.</param>
/// <param name="Data">What it is about, as JSON; tainted.</param>
/// <param name="Tools">The only ways to answer.</param>
/// <param name="Temperature">0 for the likeliest answer.</param>
public sealed record ChatRequest(string Instructions, string Data, IReadOnlyList<ChatToolSchema> Tools, float Temperature)
{
    /// <summary>Most tokens of an answer: eight tool calls of some sixty tokens each, and some room.</summary>
    public const int MaxOutputTokens = 1024;

    /// <summary>An upper estimate of what asking costs, for the budget: three characters a token in English and JSON.</summary>
    public int EstimatedTokens => ((Instructions.Length + Data.Length + Tools.Sum(tool => tool.Name.Length + tool.Description.Length + tool.Parameters.ToJsonString().Length)) / 3) + MaxOutputTokens;
}

/// <summary>One way to answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Parameters">JSON schema of its arguments.</param>
public sealed record ChatToolSchema(string Name, string Description, JsonObject Parameters);

/// <summary>What the model answered; all of it is tainted.</summary>
/// <param name="Calls">Tool calls in their order.</param>
/// <param name="Tokens">Tokens that it says it used; 0 where it does not say.</param>
public sealed record ChatReply(IReadOnlyList<ChatToolCall> Calls, int Tokens);

/// <summary>One tool call.</summary>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">JSON, if it is JSON.</param>
public sealed record ChatToolCall(string Name, string Arguments);

/// <summary>The model did not answer; the message says why in a few words.</summary>
public sealed class ChatModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ChatModelException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public ChatModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    public ChatModelException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
