namespace Ops.Sandbox.Objects;

/// <summary>A patch that cannot be applied.</summary>
public sealed class PatchFailedException : Exception
{
    /// <summary>Says why.</summary>
    /// <param name="message">The sentence for the client.</param>
    /// <param name="malformed">See <see cref="IsMalformed"/>.</param>
    public PatchFailedException(string message, bool malformed = false)
        : base(message) => IsMalformed = malformed;

    /// <summary>True where the patch itself is not a patch (400); false where it does not fit the document (422).</summary>
    public bool IsMalformed { get; }
}
