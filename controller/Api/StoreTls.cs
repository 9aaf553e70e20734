using System.ComponentModel.DataAnnotations;

namespace Ops.Api;

/// <summary>
/// TLS of a store: clients, replicas, the nodes among themselves and the operator, and no port without it. Nodes verify each
/// other, so a certificate has to be good for servers and for clients.
/// </summary>
public sealed record StoreTlsSpec
{
    /// <summary>
    /// A Secret in the store's namespace with the entries tls.crt (the nodes' certificate, then any between it and the root),
    /// tls.key (its key, without a passphrase) and ca.crt (the roots that are trusted), as cert-manager makes it. A change takes
    /// effect without a restart. The operator's account needs get on it, as manifests/samples/store-tls.yaml grants it.
    /// </summary>
    [Required]
    [MinLength(1)]
    [MaxLength(253)]
    public string SecretName { get; init; } = "";
}

/// <summary>Entries of a store's TLS Secret.</summary>
public static class StoreTlsEntries
{
    /// <summary>The nodes' certificate.</summary>
    public const string Certificate = "tls.crt";

    /// <summary>Its key.</summary>
    public const string Key = "tls.key";

    /// <summary>The roots.</summary>
    public const string Roots = "ca.crt";
}
