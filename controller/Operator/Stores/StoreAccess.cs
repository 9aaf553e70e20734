using System.Collections.Immutable;
using Ops.Api;
using Ops.Planning;
using Ops.Storage.Cluster;

namespace Ops.Operator.Stores;

/// <summary>Passwords and certificates of a store as its Secrets have them now, and the nodes brought after them.</summary>
internal static class StoreAccess
{
    private static readonly ImmutableSortedDictionary<string, StoreAddress> Nobody = ImmutableSortedDictionary<string, StoreAddress>.Empty;

    /// <summary>Whether all that is needed to speak to the nodes was once read.</summary>
    internal static bool IsKnown(ShardedStore store, StoreConnections.Connection connection) =>
        (store.Spec.Auth is null || connection.Secrets.Known is not null) && (store.Spec.Tls is null || connection.Certificates.Known is not null);

    /// <summary>Reads the Secrets when it is time to, and keeps the nodes with them.</summary>
    /// <returns>The members that may be spoken to, and what is wrong with a Secret, or with a node that goes by another one.</returns>
    internal static async Task<(ImmutableSortedDictionary<string, StoreAddress> Members, PlanProblem? Problem)> KeepAsync(
        ShardedStore store, StoreConnections.Connection connection, ImmutableSortedDictionary<string, StoreAddress> members, bool leading, CancellationToken cancellationToken)
    {
        var untrusted = await TrustAsync(store, connection, members, leading, cancellationToken);
        // Without TLS a password would be told to whoever listens.
        if (store.Spec.Tls is not null && connection.Certificates.Known is null)
            return (members.SetItems(members.Keys.Select(member => KeyValuePair.Create(member, default(StoreAddress)))), untrusted);
        return (members, await PasswordsAsync(store, connection, members, leading, cancellationToken) ?? untrusted);
    }

    private static async Task<PlanProblem?> TrustAsync(
        ShardedStore store, StoreConnections.Connection connection, ImmutableSortedDictionary<string, StoreAddress> members, bool leading, CancellationToken cancellationToken)
    {
        if (store.Spec.Tls is not { } tls)
            return null;
        await connection.Certificates.RefreshAsync(store, tls, cancellationToken);
        // Who does not lead changes no node, but speaks to all: it is told of the trust and of no member.
        if (connection.Certificates.Known is { } trust)
            connection.Stale = await connection.Engine.KeepTrustAsync(leading ? members : Nobody, trust, cancellationToken) ?? connection.Stale;
        if (connection.Certificates.Problem is { } problem)
            return problem;
        return connection.Stale.Count == 0
            ? null
            : new("CertificateStale", $"{string.Join(", ", connection.Stale)} presents another certificate than Secret {tls.SecretName} has, and did not read that one; look at its log, or restart it");
    }

    private static async Task<PlanProblem?> PasswordsAsync(
        ShardedStore store, StoreConnections.Connection connection, ImmutableSortedDictionary<string, StoreAddress> members, bool leading, CancellationToken cancellationToken)
    {
        if (store.Spec.Auth is not { } auth)
            return null;
        await connection.Secrets.RefreshAsync(store, auth, cancellationToken);
        if (connection.Secrets.Known is { } passwords && leading)
            connection.Refusing = await connection.Engine.KeepAccessAsync(members, passwords, cancellationToken) ?? connection.Refusing;
        if (connection.Secrets.Problem is { } problem)
            return problem;
        return connection.Refusing.Count == 0
            ? null
            : new("PasswordRefused", $"{string.Join(", ", connection.Refusing)} refuses the password of Secret {auth.SecretRef.Name}; add the one before it as entry {StoreSecretEntries.Previous}, and it is replaced");
    }
}
