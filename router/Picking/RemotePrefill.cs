namespace Ops.Picking;

/// <summary>
/// The choice of a replica that reads a prompt for the one that answers it, where pools declare such roles. Made after the
/// choice of who answers, as in llm-d: a second pick, by the same scorers and bound, among the replicas of prefill pools.
/// </summary>
public static class RemotePrefill
{
    // The ladder steps aside from a pressed pool; among pools of one role the declared quality says nothing.
    private static readonly LadderPolicy Policy = new();

    /// <summary>Chooses who reads the prompt.</summary>
    /// <param name="prefill">The pools with the role prefill and the answering variant's model.</param>
    /// <param name="request">The request.</param>
    /// <param name="answering">The choice of who answers.</param>
    /// <param name="threshold">Uncached prompt tokens from which on a prefill elsewhere pays.</param>
    /// <returns>Anything but <see cref="ChoiceKind.Chosen"/>: the answering replica reads the prompt itself.</returns>
    public static Choice Choose(RouteSnapshot prefill, in RequestFeatures request, in Choice answering, int threshold)
    {
        if (request.PromptTokens - answering.CachedTokens < threshold)
            return new Choice(ChoiceKind.Declined, -1, -1, 0, 0, 0);
        // A prefill ends with the first token.
        var first = request with { MaxTokens = 1, ExpectedOutputTokens = 1 };
        var choice = Chooser.Choose(prefill, Policy, first, default);
        if (choice.Kind == ChoiceKind.Chosen)
            Chooser.Sent(prefill, first, choice);
        return choice;
    }
}
