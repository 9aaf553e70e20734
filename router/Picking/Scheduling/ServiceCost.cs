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

    // A prompt token takes about a hundredth of the time of an output token, and delays the others of the batch as well.
    private const double PromptTokensInTheTimeOfOne = 50;

    /// <summary>
    /// How long a request keeps its place in a batch, in output tokens: what is short and what is long when requests are
    /// ordered. Another unit than the shares', because a long prompt costs much and is soon read.
    /// </summary>
    /// <param name="promptTokens">Tokens read.</param>
    /// <param name="outputTokens">Tokens written, or expected to be written.</param>
    public static double Length(double promptTokens, double outputTokens) => (promptTokens / PromptTokensInTheTimeOfOne) + outputTokens;

    /// <summary>Weighted tokens of a request.</summary>
    /// <param name="promptTokens">Tokens read.</param>
    /// <param name="outputTokens">Tokens written, or expected to be written.</param>
    public static double Of(double promptTokens, double outputTokens) => (promptTokens * PerPromptToken) + (outputTokens * PerOutputToken);
}
