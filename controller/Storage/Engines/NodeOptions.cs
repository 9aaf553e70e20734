using System.Security.Cryptography.X509Certificates;
using Ops.Storage.Access;
using Ops.Storage.Cluster;
using StackExchange.Redis;

namespace Ops.Storage.Engines;

/// <summary>A connection to one node that asks it for no other.</summary>
internal static class NodeOptions
{
    internal static ConfigurationOptions Of(StoreAddress address, string? password, StoreTrust? trust, TimeSpan answerWithin, Action<string>? presented = null)
    {
        var options = new ConfigurationOptions
        {
            AllowAdmin = true,
            // One try: what failed is told at once, and a refused password as such.
            ConnectRetry = 0,
            ConnectTimeout = (int)answerWithin.TotalMilliseconds,
            AsyncTimeout = (int)answerWithin.TotalMilliseconds,
            Protocol = RedisProtocol.Resp2,
            CommandMap = CommandMap.Create(["CLUSTER", "SUBSCRIBE"], available: false),
            TieBreaker = "",
            ConfigurationChannel = "",
            Password = password,
            EndPoints = { { address.Host, address.Port } },
        };
        Secure(options, trust, presented);
        return options;
    }

    /// <summary>Lets a connection use TLS and take only nodes that the store's roots vouch for; nothing where there is no trust.</summary>
    /// <param name="options">The connection's options.</param>
    /// <param name="trust">Who is trusted.</param>
    /// <param name="presented">Hears the fingerprint of the certificate that a node presents.</param>
    internal static void Secure(ConfigurationOptions options, StoreTrust? trust, Action<string>? presented = null)
    {
        if (trust is null)
            return;
        options.Ssl = true;
        options.CertificateValidation += (_, certificate, chain, _) =>
        {
            if (certificate is null)
                return false;
            presented?.Invoke(StoreTrust.Fingerprint(certificate));
            using var own = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
            return trust.Doubt(own, chain?.ChainPolicy.ExtraStore ?? []) is null;
        };
    }
}
