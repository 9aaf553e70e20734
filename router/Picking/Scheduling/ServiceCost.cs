namespace Ops.Picking;

/// <summary>
/// What a request costs in the unit that shares are counted in: weighted tokens. An output token counts as two prompt
/// tokens, the weights of "Fairness in Serving Large Language Models" (OSDI 2024, section 3.1): prompts are read many
/// tokens at a time, answers are written one by one.
/// </summary>
public static class ServiceCost
{
    /// <summary>Weight of a prompt token.</summary>
    public const double PerPromptToken = 1;

    /// <summary>Weight of an output token.</summary>
    public const double PerOutputToken = 2;

    /// <summary>Weighted tokens of a request.</summary>
    /// <param name="promptTokens">Tokens read.</param>
    /// <param name="outputTokens">Tokens written, or expected to be written.</param>
    public static double Of(double promptTokens, double outputTokens) => (promptTokens * PerPromptToken) + (outputTokens * PerOutputToken);
}
