using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Ops.Dashboard.Access;

/// <summary>
/// The one key of data protection, derived from a secret that every replica has and a restart keeps. ASP.NET's own key
/// ring would want a folder to write to, and there is none.
/// </summary>
internal sealed class SessionKeys(byte[] secret) : IXmlRepository
{
    private const int LeastBytes = 32;

    // AES-256 and HMAC-SHA256: 32 bytes each.
    private const int MasterKeyBytes = 64;

    /// <summary>The file's content, or random bytes where there is no file.</summary>
    /// <exception cref="InvalidOperationException">The file is too short to be a secret.</exception>
    public static byte[] Read(string? file)
    {
        if (string.IsNullOrEmpty(file) || !File.Exists(file))
            return RandomNumberGenerator.GetBytes(LeastBytes);
        var secret = File.ReadAllBytes(file);
        return secret.Length >= LeastBytes
            ? secret
            : throw new InvalidOperationException($"Dashboard__SessionKeyFile {file} has {secret.Length} bytes; at least {LeastBytes} are needed, for example from: openssl rand -hex 32");
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        var master = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, MasterKeyBytes, info: "ops-dashboard/session"u8.ToArray());
        var id = new Guid(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 16, info: "ops-dashboard/key-id"u8.ToArray()));
        return
        [
            new XElement(
                "key",
                new XAttribute("id", id),
                new XAttribute("version", 1),
                new XElement("creationDate", "2020-01-01T00:00:00Z"),
                new XElement("activationDate", "2020-01-01T00:00:00Z"),
                // The secret is replaced by whoever made it, not by a date.
                new XElement("expirationDate", "2120-01-01T00:00:00Z"),
                new XElement(
                    "descriptor",
                    new XAttribute("deserializerType", typeof(AuthenticatedEncryptorDescriptorDeserializer).AssemblyQualifiedName!),
                    new XElement(
                        "descriptor",
                        new XElement("encryption", new XAttribute("algorithm", "AES_256_CBC")),
                        new XElement("validation", new XAttribute("algorithm", "HMACSHA256")),
                        new XElement("masterKey", new XElement("value", Convert.ToBase64String(master)))))),
        ];
    }

    /// <inheritdoc/>
    public void StoreElement(XElement element, string friendlyName) =>
        throw new InvalidOperationException("Keys come from the secret alone.");

    /// <summary>Registers data protection with this key only.</summary>
    public static void Register(IServiceCollection services, string? file)
    {
        var keys = new SessionKeys(Read(file));
        services.AddDataProtection().SetApplicationName("ops-dashboard").DisableAutomaticKeyGeneration();
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = keys);
    }
}
