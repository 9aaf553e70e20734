using System.Collections.Immutable;
using Ops.Api;
using Ops.Storage.Access;

namespace Ops.Operator.Stores;

/// <summary>A user of the spec -> the engine's rules. Pure.</summary>
internal static class UserRules
{
    // Of what the engine calls dangerous, what clients of a cluster ask when they connect.
    private static readonly ImmutableArray<string> Client = ["+@connection", "-@dangerous", "+info", "+cluster|slots", "+cluster|shards", "+cluster|nodes", "+cluster|info", "+cluster|myid", "+cluster|keyslot"];

    // In this order, whatever that of the list: what write takes away it must not take from admin.
    private static readonly ImmutableArray<(string Name, ImmutableArray<string> Rules)> Groups =
    [
        ("read", ["+@read", .. Client]),
        ("write", ["+@write", "+@transaction", .. Client]),
        ("admin",
        [
            "+@all", "-acl", "+acl|whoami", "-cluster", .. Client.Where(rule => rule.StartsWith("+cluster", StringComparison.Ordinal)),
            "-config|set", "-config|rewrite", "-debug", "-failover", "-migrate", "-module", "-replicaof", "-slaveof", "-shutdown",
        ]),
    ];

    /// <summary>The user that nodes shall have.</summary>
    /// <param name="user">The user of the spec.</param>
    /// <param name="digest">Digest of its password; null while that is not known.</param>
    internal static StoreUser Of(StoreUserSpec user, string? digest) => new(user.Name, digest, user.EffectiveEnabled,
    [
        .. (user.Keys ?? []).Select(pattern => $"~{pattern}"),
        "resetchannels",
        .. (user.Channels ?? []).Select(pattern => $"&{pattern}"),
        .. Groups.Where(group => user.Commands.Contains(group.Name)).SelectMany(group => group.Rules),
        .. user.Commands.Where(command => Groups.All(group => group.Name != command)),
    ]);
}
