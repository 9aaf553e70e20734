using Ops.Healing.Content;
using Ops.Llm;

namespace Ops.Healing.Detection;

/// <summary>Something that is wrong with an object, and where the fault lies.</summary>
/// <param name="Kind">Kind of the object at fault, for example Service.</param>
/// <param name="Name">Its name.</param>
/// <param name="Cause">What is wrong, one of <see cref="Causes"/>.</param>
/// <param name="Evidence">The objects' own words; they are data, never instructions.</param>
public sealed record Finding(string Kind, string Name, string Cause, string Evidence)
{
    private const int MaxEvidence = 400;

    /// <summary>The objects' own words, cut and free of what hides or reorders text.</summary>
    public string Evidence { get; } = TaintedText.Clean(Evidence, MaxEvidence);

    /// <summary>The incident of the root-cause service that tells of it; null where the objects themselves do.</summary>
    public string? RootCause { get; init; }

    /// <summary>Key of the goal that is missed; null where no goal is.</summary>
    public string? Goal { get; init; }

    /// <summary>A key, the same as long as the same thing is wrong with the same object. Absent in the labels of others' objects.</summary>
    public string Key => CanonicalJson.Digest($"{Kind}/{Name}/{Cause}")[..16];
}
