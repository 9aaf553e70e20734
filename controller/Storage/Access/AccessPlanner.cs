using System.Collections.Immutable;

namespace Ops.Storage.Access;

/// <summary>
/// What nodes accept and show to the next steps of a change of password. Pure. In three stages, each only after the one before
/// is done at every node that answers: all accept the new one, all show it, none accepts the old one. So at no moment is a
/// node refused by the one that it copies, or open.
/// </summary>
public static class AccessPlanner
{
    /// <summary>The next steps; none when all is as it shall be.</summary>
    /// <param name="members">The nodes that answer.</param>
    /// <param name="passwords">What is wanted.</param>
    public static ImmutableArray<AccessStep> Next(IReadOnlyCollection<MemberAccess> members, StorePasswords passwords)
    {
        ArgumentNullException.ThrowIfNull(members);
        ArgumentNullException.ThrowIfNull(passwords);
        var (wanted, current) = (passwords.Wanted, StorePasswords.Digest(passwords.Current));
        ImmutableArray<AccessStep> accept =
            [.. members.SelectMany(member => wanted.Where(digest => member.Open || !member.Accepted.Contains(digest)).Order().Select(digest => new AccessStep.Accept(member.Member, digest)))];
        if (!accept.IsEmpty)
            return accept;
        ImmutableArray<AccessStep> show = [.. members.Where(member => member.Shown != current).Select(member => new AccessStep.Show(member.Member))];
        if (!show.IsEmpty)
            return show;
        return [.. members.SelectMany(member => member.Accepted.Except(wanted).Order().Select(digest => new AccessStep.Drop(member.Member, digest)))];
    }
}
