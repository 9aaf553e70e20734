using System.ComponentModel.DataAnnotations;
using Ops.Api;

namespace Ops.Dashboard.Ask;

/// <summary>The model behind the page Ask, from the section Dashboard:Ask (environment: Dashboard__Ask__Endpoint=...).</summary>
internal sealed record AskOptions
{
    private const int LeastTokens = 4_000;

    /// <summary>
    /// Base address of an OpenAI API up to and with /v1, a route's router included, or of an Azure OpenAI resource; https, or http to a
    /// Service of the cluster or to loopback. Default none: there is no page Ask.
    /// </summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The model's name, for Azure the deployment's. It has to be able to call tools.</summary>
    public string Model { get; init; } = "";

    /// <summary>openai (default) or azure.</summary>
    public string Api { get; init; } = LlmApis.OpenAi;

    /// <summary>File that holds the key; one that is missing or empty means no key. Default none.</summary>
    public string? KeyFile { get; init; }

    /// <summary>How long one answer of the model may take. Default 20 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a question may take with all its queries. Default 60 s.</summary>
    public TimeSpan QuestionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Tokens, of prompts and answers, that a question may cost. Default 60,000.</summary>
    public int TokensPerQuestion { get; init; } = 60_000;

    /// <summary>Tokens that the questions of one user may cost in any hour. Default 300,000.</summary>
    public int TokensPerHour { get; init; } = 300_000;

    /// <summary>Questions of one user in any minute. Default 4.</summary>
    public int QuestionsPerMinute { get; init; } = 4;

    /// <summary>Whether it is configured.</summary>
    public bool IsOn => Endpoint.Length > 0;

    /// <summary>The settings as the client takes them.</summary>
    public HealingLlm Llm => new() { Api = Api, Endpoint = Endpoint, Deployment = Model, Timeout = GoDuration.Format(Timeout) };

    /// <summary>Checks the settings.</summary>
    /// <exception cref="InvalidOperationException">One cannot be; the message names it and the fix.</exception>
    public AskOptions Checked()
    {
        if (!IsOn)
            return this;
        if (Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromMinutes(2))
            throw Bad(nameof(Timeout), $"is {Timeout}; write 00:00:01 to 00:02:00");
        if (QuestionTimeout < Timeout || QuestionTimeout > TimeSpan.FromMinutes(10))
            throw Bad(nameof(QuestionTimeout), $"is {QuestionTimeout}; write at least Timeout and 00:10:00 at most");
        var (llm, problems) = (Llm, new List<ValidationResult>());
        if (!Validator.TryValidateObject(llm, new ValidationContext(llm), problems, validateAllProperties: true))
            throw problems[0].MemberNames.First() switch
            {
                nameof(HealingLlm.Endpoint) => Bad(nameof(Endpoint), $"is {Endpoint}; write an address with https://, or with http:// one of a Service (NAME.NAMESPACE.svc) or of loopback"),
                nameof(HealingLlm.Deployment) => Bad(nameof(Model), "is missing; write the model's name"),
                _ => Bad(nameof(Api), $"is {Api}; write {LlmApis.OpenAi} or {LlmApis.Azure}"),
            };
        if (QuestionsPerMinute is < 1 or > 60)
            throw Bad(nameof(QuestionsPerMinute), $"is {QuestionsPerMinute}; write 1 to 60");
        if (TokensPerQuestion < LeastTokens)
            throw Bad(nameof(TokensPerQuestion), $"is {TokensPerQuestion}; write at least {LeastTokens}");
        return TokensPerHour >= TokensPerQuestion ? this : throw Bad(nameof(TokensPerHour), $"is {TokensPerHour}; write at least TokensPerQuestion");
    }

    private static InvalidOperationException Bad(string setting, string what) => new($"Dashboard__Ask__{setting} {what}.");
}
