namespace Ops.Dashboard.Access;

/// <summary>What the user may decide in a namespace, by the API server's own judgement.</summary>
/// <param name="Approvers">Names of the Approver objects that the user may write: as whom a decision would count.</param>
/// <param name="MayPausePlans">Whether the user may change remediations, that is suspend one.</param>
/// <param name="MayPausePolicies">Whether the user may change healing policies, that is throw the kill switch.</param>
/// <param name="MayMakePlans">Whether the user may create remediations, that is ask for an undo or for something in words.</param>
internal sealed record DecisionRights(IReadOnlyList<string> Approvers, bool MayPausePlans, bool MayPausePolicies, bool MayMakePlans)
{
    /// <summary>Nothing is offered.</summary>
    public static DecisionRights None { get; } = new([], false, false, false);
}

/// <summary>
/// What is known of the user's rights in the namespaces that a page shows. They change with bindings and approvers, seldom, so
/// they are asked for once for each set of namespaces and approvers. To be used by one page, in its own turn.
/// </summary>
internal sealed class KnownRights
{
    private readonly Dictionary<string, DecisionRights> known = new(StringComparer.Ordinal);
    private string? answered;
    private bool isAsking;

    /// <summary>What the user may do in a namespace. Not known is not allowed.</summary>
    public DecisionRights In(string? ns) => ns is null ? DecisionRights.None : known.GetValueOrDefault(ns, DecisionRights.None);

    /// <summary>Asks what is not known. What gets no answer is asked again by the next call.</summary>
    /// <param name="wanted">The namespaces, and what else the answer depends on; read anew after each round of questions.</param>
    /// <param name="ask">Asks for one namespace; null without an answer.</param>
    /// <returns>Whether anything was asked.</returns>
    public async Task<bool> AskAsync(Func<(IReadOnlyList<string> Namespaces, string Version)> wanted, Func<string, Task<DecisionRights?>> ask)
    {
        // One round at a time: of two, the older answer could come last and stay.
        if (isAsking)
            return false;
        isAsking = true;
        try
        {
            for (var rounds = 0; ; rounds++)
            {
                var (namespaces, version) = wanted();
                var question = string.Join(',', namespaces) + "|" + version;
                if (question == answered)
                    return rounds > 0;
                foreach (var ns in namespaces)
                {
                    if (await ask(ns) is not { } rights)
                    {
                        known.Remove(ns);
                        return true;
                    }

                    known[ns] = rights;
                }

                answered = question;
            }
        }
        finally
        {
            isAsking = false;
        }
    }
}
