using System.Collections.Immutable;

namespace Ops.Storage.Access;

/// <summary>
/// A node's users -> what brings them to those that are wanted. Pure. A user that is as it shall be is not touched, the user of
/// nodes and operator never, and one whose password is not known stays as it is.
/// </summary>
public static class UserPlanner
{
    // Of a node that shows thousands of strange users, the others wait for the next look.
    private const int MostRemoved = 64;

    /// <summary>The next steps of one node, what takes rights away first; none when all is as it shall be.</summary>
    /// <param name="member">The node.</param>
    /// <param name="wanted">All users that it shall have beside <see cref="StoreUser.Own"/>.</param>
    public static ImmutableArray<UserStep> Next(MemberUsers member, IReadOnlyCollection<StoreUser> wanted)
    {
        ArgumentNullException.ThrowIfNull(member);
        ArgumentNullException.ThrowIfNull(wanted);
        return
        [
            .. member.Lines.Keys
                .Where(name => name != StoreUser.Own && wanted.All(user => user.Name != name))
                .Order(StringComparer.Ordinal)
                .Take(MostRemoved)
                .Select(name => new UserStep.Remove(name)),
            .. wanted
                .Where(user => user.Name != StoreUser.Own && user.Digest is not null && !member.Has(user))
                .OrderBy(user => user.Enabled)
                .Select(user => new UserStep.Give(user)),
        ];
    }
}
