using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>A draw of the <see cref="LiveExplorer"/>, and what the route's requests got over the <see cref="OutcomeRing.WindowSeconds"/> from then on. Figures only: nothing of a request's text, key or tenant.</summary>
[StructLayout(LayoutKind.Auto)]
public record struct LiveOutcome
{
    /// <summary>When it was drawn, in milliseconds on the clock of <see cref="RequestFeatures.NowMs"/>; in a file: 0 is the moment of writing.</summary>
    public long AtMs { get; set; }

    /// <summary>Whether the candidate was taken; else the policy's choice was.</summary>
    public bool Followed { get; set; }

    /// <summary>Whether the policy's choice was the rule's, whose advantage is 0 by definition.</summary>
    public bool ChoiceIsRule { get; set; }

    /// <summary>Probability with which this candidate was taken.</summary>
    public float Propensity { get; set; }

    /// <summary>Quality delivered to the requests that were chosen for from then on.</summary>
    public float Delivered { get; set; }

    /// <summary>Requests that arrived from then on. They do not depend on the choice, so what they explain of what was delivered is no effect of it.</summary>
    public float Arrivals { get; set; }

    /// <summary>Thousands of prompt tokens of these.</summary>
    public float PromptKilotokens { get; set; }

    /// <summary>Quality of the best variant for each of these, summed up.</summary>
    public float Best { get; set; }
}
