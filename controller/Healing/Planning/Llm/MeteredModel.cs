using Ops.Api;
using Ops.Llm;

namespace Ops.Healing.Planning.Llm;

/// <summary>A model whose tokens are counted against the hour's budget of a policy.</summary>
internal sealed class MeteredModel(IChatModel model, TokenMeter meter)
{
    /// <summary>The answer, or why there is none. Never throws for what the model does.</summary>
    public async Task<(ChatReply? Reply, string Problem, int Tokens)> AskAsync(HealingPolicy policy, ChatRequest request, CancellationToken cancellationToken)
    {
        var (owner, limit) = (policy.Metadata.Uid ?? policy.Metadata.Name, policy.Spec.Llm!.EffectiveTokensPerHour);
        if (!meter.TryTake(owner, limit, request.EstimatedTokens))
            return (null, $"its budget of {limit} tokens an hour is spent", 0);
        // What it says it used is believed up to ten times the estimate; silence, and a call that failed, cost the estimate.
        var used = request.EstimatedTokens;
        try
        {
            var reply = await model.AskAsync(request, cancellationToken);
            used = reply.Tokens > 0 ? Math.Min(reply.Tokens, request.EstimatedTokens * 10) : used;
            return (reply, "", used);
        }
        catch (ChatModelException silent)
        {
            return (null, silent.Message, used);
        }
        finally
        {
            meter.Settle(owner, request.EstimatedTokens, used);
        }
    }
}
