using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s.Models;
using Ops.Api;
using Ops.Kube;
using Ops.Planning;
using Ops.Storage.Access;

namespace Ops.Operator.Stores;

/// <summary>
/// One store's certificate and roots. What was read last counts while the Secret is gone or wrong: the nodes go on with what
/// they have, too. No key is kept.
/// </summary>
internal sealed class StoreCertificates(KubeClient client, TimeProvider time)
{
    private readonly SecretReader _reader = new(client, time, "spec.tls.secretName", "store-tls.yaml");

    /// <summary>Whom to trust; null until it was once read.</summary>
    internal StoreTrust? Known { get; private set; }

    /// <summary>What is wrong with the Secret; null for nothing.</summary>
    internal PlanProblem? Problem { get; private set; }

    /// <summary>Reads the Secret when it is time to.</summary>
    internal async Task RefreshAsync(ShardedStore store, StoreTlsSpec tls, CancellationToken cancellationToken) =>
        Problem = await _reader.ReadAsync(store, tls.SecretName, Take, cancellationToken) ?? Problem;

    /// <summary>Takes in what was read; null when there is no such Secret.</summary>
    internal void Take(string name, V1Secret? secret)
    {
        if (secret is null)
        {
            Problem = new("SecretMissing", $"spec.tls.secretName: there is no Secret {name}; create it with the entries {StoreTlsEntries.Certificate}, {StoreTlsEntries.Key} and {StoreTlsEntries.Roots}");
            return;
        }

        foreach (var entry in (string[])[StoreTlsEntries.Certificate, StoreTlsEntries.Key, StoreTlsEntries.Roots])
        {
            if (secret.Data?.TryGetValue(entry, out var bytes) != true || bytes is not { Length: > 0 })
            {
                Problem = new("SecretWrong", $"spec.tls.secretName: Secret {name} has no entry {entry}; add it");
                return;
            }
        }

        try
        {
            Judge(name, Text(secret, StoreTlsEntries.Certificate), Text(secret, StoreTlsEntries.Key), Text(secret, StoreTlsEntries.Roots));
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or ArgumentException)
        {
            // The words of the exception may quote what was read.
            Problem = new("SecretWrong", $"spec.tls.secretName: of Secret {name} the entries {StoreTlsEntries.Certificate} and {StoreTlsEntries.Roots} must be certificates and {StoreTlsEntries.Key} the key of the first, in PEM and without a passphrase; replace what is not");
        }
    }

    private void Judge(string name, string certificates, string key, string roots)
    {
        var (trusted, presented) = (new X509Certificate2Collection(), new X509Certificate2Collection());
        trusted.ImportFromPem(roots);
        presented.ImportFromPem(certificates);
        if (trusted.Count == 0 || presented.Count == 0)
            throw new CryptographicException();
        var now = time.GetUtcNow();
        // Only to see that they fit each other; the key is let go at once.
        using var own = X509Certificate2.CreateFromPem(certificates, key);
        var until = new DateTimeOffset(own.NotAfter);
        var trust = new StoreTrust(trusted, StoreTrust.Fingerprint(own), Digest(certificates, key, roots), time);
        if (until <= now || own.NotBefore > now.LocalDateTime)
            Problem = new("CertificateExpired", FormattableString.Invariant($"spec.tls.secretName: the certificate of Secret {name} is good from {own.NotBefore.ToUniversalTime():u} to {until.UtcDateTime:u}, which is not now; replace it"));
        else if (trust.Doubt(own, presented.Skip(1)) is { } doubt)
            Problem = new("SecretWrong", $"spec.tls.secretName: the roots in entry {StoreTlsEntries.Roots} of Secret {name} do not vouch for its certificate ({doubt}); put in the root that signed it");
        else
            (Known, Problem) = (trust, null);
    }

    private static string Text(V1Secret secret, string entry) => Encoding.UTF8.GetString(secret.Data[entry]);

    private static string Digest(params string[] texts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(texts))));
}
