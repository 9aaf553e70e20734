using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ops.Router;

/// <summary>
/// Whom the router believes to be a replica: a certificate for the pool's Service name, signed by a root of the given
/// PEM file, or by one of the system's where no file is given. The file is looked at for each handshake, of which there
/// is one a connection.
/// </summary>
internal sealed class UpstreamTrust(string? file)
{
    private readonly Lock _reading = new();
    private string _text = "";
    private X509Certificate2Collection _roots = [];

    /// <summary>Decides about a replica's certificate; in the shape that SslStream wants.</summary>
    internal bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (file is null)
            return errors == SslPolicyErrors.None;
        // Only the question of who signed it is open to another answer.
        if (certificate is null || chain is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(Roots());
        own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.DisableCertificateDownloads = true;
        return own.Build((X509Certificate2)certificate);
    }

    private X509Certificate2Collection Roots()
    {
        lock (_reading)
        {
            try
            {
                var text = File.ReadAllText(file!);
                if (text != _text)
                {
                    var roots = new X509Certificate2Collection();
                    roots.ImportFromPem(text);
                    (_text, _roots) = (text, roots);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // A file that is just being replaced: the roots known so far stay, and nobody else is believed.
            }

            return _roots;
        }
    }
}
