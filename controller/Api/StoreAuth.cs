using System.ComponentModel.DataAnnotations;

namespace Ops.Api;

/// <summary>
/// The password of a store: one for clients, for the nodes among themselves and for the operator. A change of the Secret takes
/// effect in some 10 seconds without a restart, and no connection is cut.
/// </summary>
public sealed record StoreAuthSpec
{
    /// <summary>Where it lies. The operator's account needs get on that Secret, as manifests/samples/store-auth.yaml grants it.</summary>
    [Required]
    public StoreSecretReference SecretRef { get; init; } = new();
}

/// <summary>A Secret in the store's namespace.</summary>
public sealed record StoreSecretReference
{
    /// <summary>
    /// Its name. The entry password is what all use: 1 to 512 of the characters A-Z a-z 0-9 _ . ~ + / = -. The entry previous
    /// is optional: a password that clients may go on using until it is removed there.
    /// </summary>
    [Required]
    [MinLength(1)]
    [MaxLength(253)]
    public string Name { get; init; } = "";
}

/// <summary>Entries of a store's Secret.</summary>
public static class StoreSecretEntries
{
    /// <summary>What all use.</summary>
    public const string Password = "password";

    /// <summary>What clients may go on using.</summary>
    public const string Previous = "previous";

    private const int MaxLength = 512;

    /// <summary>
    /// Whether a text can be a password: it is a word of the engine's configuration, where blanks, quotes and line ends would
    /// mean something else.
    /// </summary>
    public static bool IsPassword(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is > 0 and <= MaxLength && text.All(letter => char.IsAsciiLetterOrDigit(letter) || "_.~+/=-".Contains(letter));
    }
}
