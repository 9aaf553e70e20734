using System.Collections.Immutable;
using System.Text;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Planning;
using Ops.Storage.Access;

namespace Ops.Operator.Stores;

/// <summary>
/// One store's passwords. What was read last counts while the Secret is gone or wrong, and is tried on nodes that have not heard
/// of the change.
/// </summary>
internal sealed class StoreSecrets(KubeClient client, TimeProvider time)
{
    // Of a store whose password changes every few seconds, the ones before the last four are forgotten.
    private const int Remembered = 4;

    private readonly SecretReader _reader = new(client, time, "spec.auth.secretRef", "store-auth.yaml");
    private ImmutableArray<string> _earlier = [];

    /// <summary>The passwords; null until they were once read.</summary>
    internal StorePasswords? Known { get; private set; }

    /// <summary>What is wrong with the Secret; null for nothing.</summary>
    internal PlanProblem? Problem { get; private set; }

    /// <summary>Reads the Secret when it is time to.</summary>
    internal async Task RefreshAsync(ShardedStore store, StoreAuthSpec auth, CancellationToken cancellationToken) =>
        Problem = await _reader.ReadAsync(store, auth.SecretRef.Name, Take, cancellationToken) ?? Problem;

    /// <summary>Takes in what was read; null when there is no such Secret.</summary>
    internal void Take(string name, V1Secret? secret)
    {
        Problem = Wrong(name, secret);
        if (Problem is not null)
            return;
        var current = Text(secret!, StoreSecretEntries.Password)!;
        ImmutableArray<string> kept = Text(secret!, StoreSecretEntries.Previous) is { } previous ? [previous] : [];
        if (Known is { } before)
            _earlier = [.. before.Kept.Prepend(before.Current).Concat(_earlier).Distinct().Where(one => one != current && !kept.Contains(one)).Take(Remembered)];
        Known = new(current, kept, _earlier);
    }

    private static PlanProblem? Wrong(string name, V1Secret? secret)
    {
        if (secret is null)
            return new("SecretMissing", $"spec.auth.secretRef: there is no Secret {name}; create it with the entry {StoreSecretEntries.Password}");
        if (Text(secret, StoreSecretEntries.Password) is not { } password)
            return new("SecretWrong", $"spec.auth.secretRef: Secret {name} has no entry {StoreSecretEntries.Password}; add it");
        if (!StoreSecretEntries.IsPassword(password))
            return Unfit(name, StoreSecretEntries.Password);
        return Text(secret, StoreSecretEntries.Previous) is { } previous && !StoreSecretEntries.IsPassword(previous) ? Unfit(name, StoreSecretEntries.Previous) : null;
    }

    private static PlanProblem Unfit(string name, string entry) =>
        new("SecretWrong", $"spec.auth.secretRef: entry {entry} of Secret {name} must be 1 to 512 of the characters A-Z a-z 0-9 _ . ~ + / = -; choose another one");

    // Line ends at the end are an editor's: the shell that hands the password to the engine drops them too.
    private static string? Text(V1Secret secret, string entry) =>
        secret.Data?.TryGetValue(entry, out var bytes) == true ? Encoding.UTF8.GetString(bytes).TrimEnd('\n') : null;
}
