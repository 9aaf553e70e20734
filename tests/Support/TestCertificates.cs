using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Testing;

/// <summary>A root that a test makes for itself, and certificates that it signs.</summary>
public sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _root;
    private readonly DateTimeOffset _now;
    private byte _serial;

    /// <summary>Makes a root.</summary>
    /// <param name="now">Certificates are good from an hour before this moment.</param>
    public TestCertificates(DateTimeOffset now)
    {
        _now = now;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        // Roots of one name are told apart by their keys.
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(30));
    }

    /// <summary>The root as PEM.</summary>
    public string Root => _root.ExportCertificatePem();

    /// <summary>Signs one more certificate for servers and clients.</summary>
    /// <param name="lasts">From now; below zero for one that is over.</param>
    /// <returns>Certificate and key as PEM.</returns>
    public (string Certificate, string Key) Issue(TimeSpan lasts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=store", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));
        using var certificate = request.Create(_root, _now.AddHours(-1), _now + lasts, [1, ++_serial]);
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();
}
