using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Planning;
using Ops.Storage.Access;

namespace Ops.Operator.Stores;

/// <summary>
/// Digests of the passwords of one store's users. No password is kept. What was read last counts while a Secret is gone or
/// wrong.
/// </summary>
internal sealed class StoreUserSecrets(KubeClient client, TimeProvider time)
{
    private const int MaxLength = 512;

    private readonly Dictionary<string, Held> _held = [];

    /// <summary>Reads the Secrets of the users, each when it is time to.</summary>
    internal async Task RefreshAsync(ShardedStore store, IReadOnlyList<StoreUserSpec> users, CancellationToken cancellationToken)
    {
        var named = users.Select(user => user.PasswordSecretRef.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _held.Keys.Except(named).ToList())
            _held.Remove(gone);
        foreach (var name in named)
        {
            var held = Of(name);
            held.Forbidden = await held.Reader.ReadAsync(store, name, Take, cancellationToken) ?? held.Forbidden;
        }
    }

    /// <summary>Takes in what was read; null when there is no such Secret.</summary>
    internal void Take(string name, V1Secret? secret)
    {
        var held = Of(name);
        (held.Forbidden, held.Missing) = (null, secret is null);
        held.Present.Clear();
        foreach (var (key, bytes) in secret?.Data ?? new Dictionary<string, byte[]>())
        {
            // Line ends at the end are an editor's, as in the Secret of spec.auth.
            var password = bytes.AsSpan().TrimEnd((byte)'\n');
            var fits = password.Length is > 0 and <= MaxLength;
            held.Present[key] = fits;
            if (fits)
                held.Digests[key] = StorePasswords.Digest(password);
        }
    }

    /// <summary>The digest of a user's password as far as it is known, and what is wrong with it.</summary>
    internal (string? Digest, PlanProblem? Problem) Find(StoreUserSpec user)
    {
        var (name, key) = (user.PasswordSecretRef.Name, user.PasswordSecretRef.EffectiveKey);
        if (!_held.TryGetValue(name, out var held))
            return (null, null);
        return (held.Digests.GetValueOrDefault(key), held.Forbidden ?? Wrong());

        PlanProblem? Wrong()
        {
            var field = $"spec.users[{user.Name}].passwordSecretRef";
            if (held.Missing)
                return new("SecretMissing", $"{field}: there is no Secret {name}; create it with the entry {key}");
            if (!held.Present.TryGetValue(key, out var fits))
                return new("SecretWrong", $"{field}: Secret {name} has no entry {key}; add it");
            return fits ? null : new("SecretWrong", $"{field}: entry {key} of Secret {name} must be 1 to {MaxLength} bytes; choose another password");
        }
    }

    private Held Of(string name)
    {
        if (!_held.TryGetValue(name, out var held))
            _held[name] = held = new(new SecretReader(client, time, "spec.users", "store-users.yaml"));
        return held;
    }

    private sealed record Held(SecretReader Reader)
    {
        public PlanProblem? Forbidden { get; set; }

        public bool Missing { get; set; }

        /// <summary>The entries, and whether each can be a password.</summary>
        public Dictionary<string, bool> Present { get; } = [];

        /// <summary>Of each entry the digest of what it was when it last could.</summary>
        public Dictionary<string, string> Digests { get; } = [];
    }
}
