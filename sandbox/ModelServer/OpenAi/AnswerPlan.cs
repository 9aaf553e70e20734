using System.Runtime.InteropServices;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>What will be answered: how many tokens and of them how many characters, and why it ends there.</summary>
/// <param name="Tokens">Tokens to generate.</param>
/// <param name="TextBytes">Bytes of them that are shown; fewer where a stop string cuts the text.</param>
/// <param name="Reason">Why it ends.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AnswerPlan(int Tokens, int TextBytes, FinishReason Reason)
{
    /// <summary>Decides the length of an answer.</summary>
    /// <exception cref="OpenAiException">Prompt and answer do not fit the model or its cache.</exception>
    public static AnswerPlan Make(CompletionRequest request, in Filler filler, int maxModelLength, int cacheTokens)
    {
        var room = maxModelLength - request.PromptTokens;
        if (room < (request.MaxTokens ?? 1))
            throw new OpenAiException(OpenAiError.Invalid(
                $"This model's maximum context length is {maxModelLength} tokens. However, you requested " +
                $"{(request.MaxTokens ?? 1) + (long)request.PromptTokens} tokens ({request.PromptTokens} in the prompt, " +
                $"{request.MaxTokens ?? 1} for the completion).", request.PromptField));
        var limit = request.MaxTokens ?? room;
        var drawn = request.IgnoreEos && request.MaxTokens is not null ? limit : filler.DrawLength(room);
        var tokens = Math.Min(drawn, limit);
        var plan = new AnswerPlan(tokens, tokens * Filler.TokenBytes, drawn < limit ? FinishReason.Stop : FinishReason.Length);
        plan = plan.CutAtStop(request.Stop, filler);
        if ((long)request.PromptTokens + plan.Tokens > cacheTokens)
            throw new OpenAiException(OpenAiError.Invalid(
                $"Prompt and answer need {request.PromptTokens + plan.Tokens} tokens of cache and this server has {cacheTokens}."));
        return plan;
    }

    private AnswerPlan CutAtStop(List<string> stops, in Filler filler)
    {
        if (stops.Count == 0)
            return this;
        var text = filler.Text(Tokens);
        var first = -1;
        var end = 0;
        foreach (var stop in stops)
        {
            var at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at < 0 || (first >= 0 && at >= first))
                continue;
            first = at;
            end = at + stop.Length;
        }
        // The tokens that spell the stop string are generated, but not shown.
        return first < 0 ? this : new AnswerPlan((end + Filler.TokenBytes - 1) / Filler.TokenBytes, first, FinishReason.Stop);
    }
}
