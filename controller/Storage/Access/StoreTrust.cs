using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Storage.Access;

/// <summary>What nodes of a store with TLS have to present, and whom their clients trust. It holds no key.</summary>
/// <param name="Roots">The roots that are trusted, and no others.</param>
/// <param name="Certificate">Fingerprint of the certificate that nodes shall present.</param>
/// <param name="Digest">Of all that the nodes read: another one is another Secret.</param>
/// <param name="Time">The clock that certificates are judged by.</param>
public sealed record StoreTrust(X509Certificate2Collection Roots, string Certificate, string Digest, TimeProvider Time)
{
    /// <summary>SHA-256 of a certificate in lower-case hex.</summary>
    public static string Fingerprint(X509Certificate certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));
    }

    /// <summary>
    /// Why a certificate is not trusted now; null where it is. Nodes are addressed by pod addresses, which no
    /// certificate can name beforehand, so that its names are not looked at: the roots are the store's own.
    /// </summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="others">What came with it.</param>
    public string? Doubt(X509Certificate2 certificate, IEnumerable<X509Certificate2> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = Time.GetUtcNow().UtcDateTime;
        foreach (var other in others)
            chain.ChainPolicy.ExtraStore.Add(other);
        return chain.Build(certificate) ? null : string.Join(", ", chain.ChainStatus.Select(one => one.Status).Distinct());
    }
}
