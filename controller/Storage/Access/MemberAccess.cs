using System.Collections.Immutable;

namespace Ops.Storage.Access;

/// <summary>What one node accepts from clients, and what it shows its primary; passwords as digests.</summary>
/// <param name="Member">The member.</param>
/// <param name="Accepted">Digests of the passwords of its default user.</param>
/// <param name="Open">Whether it takes clients without any password.</param>
/// <param name="Shown">Digest of the password that it shows the node that it copies; null for none.</param>
public sealed record MemberAccess(string Member, ImmutableHashSet<string> Accepted, bool Open, string? Shown);

/// <summary>One change of a node's passwords; each can be repeated.</summary>
public abstract record AccessStep(string Member)
{
    /// <summary>Lets a node accept one more password, and closes it where it was open.</summary>
    /// <param name="Member">The member.</param>
    /// <param name="Digest">The password's digest.</param>
    public sealed record Accept(string Member, string Digest) : AccessStep(Member);

    /// <summary>Lets a node show the current password to whom it copies.</summary>
    /// <param name="Member">The member.</param>
    public sealed record Show(string Member) : AccessStep(Member);

    /// <summary>Lets a node accept a password no longer.</summary>
    /// <param name="Member">The member.</param>
    /// <param name="Digest">The password's digest.</param>
    public sealed record Drop(string Member, string Digest) : AccessStep(Member);
}
