using System.Collections.Immutable;

namespace Ops.Storage.Access;

/// <summary>The users that one node has.</summary>
/// <param name="Member">The member.</param>
/// <param name="Lines">By name, the engine's own description of each, password digests included.</param>
/// <param name="Given">By name, what was last given to this node and how it described that.</param>
public sealed record MemberUsers(string Member, ImmutableDictionary<string, string> Lines, ImmutableDictionary<string, GivenUser> Given)
{
    /// <summary>Whether the node has a user as it shall be.</summary>
    public bool Has(StoreUser user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return user.Digest is not null && Lines.TryGetValue(user.Name, out var line) && Given.TryGetValue(user.Name, out var given) && given == new GivenUser(user.Definition, line);
    }

    /// <summary>The node once it took some users, with what it has then.</summary>
    /// <param name="taken">The users.</param>
    /// <param name="lines">Its description of all its users right after.</param>
    public MemberUsers After(IEnumerable<StoreUser> taken, ImmutableDictionary<string, string> lines)
    {
        var given = Given.SetItems(taken.Where(user => lines.ContainsKey(user.Name)).Select(user => KeyValuePair.Create(user.Name, new GivenUser(user.Definition, lines[user.Name]))));
        return this with { Lines = lines, Given = given.RemoveRange(given.Keys.Except(lines.Keys)) };
    }
}

/// <summary>
/// A user as it was given to a node, and the engine's description of it right after. Engines describe rules in words of their
/// own (Redis 7 in another order after each start), so that only a description of the same node tells whether it changed.
/// </summary>
/// <param name="Definition">What was given.</param>
/// <param name="Line">The description.</param>
public sealed record GivenUser(string Definition, string Line)
{
    /// <inheritdoc/>
    public override string ToString() => nameof(GivenUser);
}

/// <summary>One change of a node's users; each can be repeated.</summary>
public abstract record UserStep
{
    /// <summary>Makes a user what it shall be, at once and with its open connections kept unless it may not log in.</summary>
    /// <param name="User">The user.</param>
    public sealed record Give(StoreUser User) : UserStep;

    /// <summary>Removes a user and cuts its connections.</summary>
    /// <param name="Name">Its name.</param>
    public sealed record Remove(string Name) : UserStep;
}
