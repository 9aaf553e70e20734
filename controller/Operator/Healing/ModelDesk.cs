using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Content;
using Ops.Healing.Planning.Llm;
using Ops.Kube;
using Ops.Llm;

namespace Ops.Operator.Healing;

/// <summary>
/// Questions to language models, asked beside the reconciles so that a slow model holds up nothing: the first call asks, later
/// ones find the answer. What is asked is lost in a restart and asked again.
/// </summary>
internal sealed partial class ModelDesk(Healer healer, TokenMeter meter, TimeProvider time, ILogger<ModelDesk> logger)
{
    // Open questions at once; the rest waits, since an outage of everything is no reason to send a thousand prompts.
    private const int MaxOpen = 8;
    // Answers that are kept, of a few kilobytes each.
    private const int MaxKept = 256;

    // An answer that led to no plan is not worth asking for again sooner.
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(5);
    private static readonly RawKind Secret = new("v1", "Secret", "secrets");

    private readonly ConcurrentDictionary<string, (Task<LlmOpinion?> Answer, DateTimeOffset Asked)> questions = [];

    /// <summary>The answer, or null as long as it is not there.</summary>
    /// <param name="id">What is asked: the same for the same incident, try and policy.</param>
    /// <param name="policy">The policy that names the model.</param>
    /// <param name="cause">What is wrong, a word of a fixed list.</param>
    /// <param name="about">What it is about, for the log.</param>
    /// <param name="ask">Asks the question.</param>
    public LlmOpinion? Ask(string id, HealingPolicy policy, string cause, string about, Func<IChatModel, TokenMeter, CancellationToken, Task<LlmOpinion>> ask)
    {
        var now = time.GetUtcNow();
        foreach (var (old, one) in questions.Where(pair => pair.Value.Answer.IsCompleted && now - pair.Value.Asked > Keep))
            questions.TryRemove(KeyValuePair.Create(old, one));
        if (questions.TryGetValue(id, out var known))
            return known.Answer.IsCompletedSuccessfully ? known.Answer.Result : null;
        if (questions.Count >= MaxKept || questions.Values.Count(one => !one.Answer.IsCompleted) >= MaxOpen)
            return null;
        // Bounded by twice the policy's timeout, and of no harm where this process does not lead any more.
        questions[id] = (Task.Run(() => AnswerAsync(policy, cause, about, ask, CancellationToken.None)), now);
        return null;
    }

    /// <summary>Says that an answer led to no plan, so that it is not weighed again until it is asked for anew.</summary>
    /// <param name="id">What was asked.</param>
    public void Close(string id) => questions[id] = (Task.FromResult<LlmOpinion?>(null), time.GetUtcNow());

    private async Task<LlmOpinion?> AnswerAsync(HealingPolicy policy, string cause, string about, Func<IChatModel, TokenMeter, CancellationToken, Task<LlmOpinion>> ask, CancellationToken stopping)
    {
        try
        {
            using var model = new OpenAiModel(policy.Spec.Llm!, await KeyAsync(policy, stopping));
            var opinion = await ask(model, meter, stopping);
            HealingMetrics.Asked(cause, opinion);
            return opinion;
        }
        catch (Exception trouble)
        {
            // Whatever happens here, the rules go on; the sentence says what it was.
            Log.NoAnswer(logger, about, trouble);
            return new([], [TaintedText.Clean(trouble is ChatModelException or KubeApiException ? trouble.Message : "it could not be asked; see the operator's log", 300)]);
        }
    }

    private async Task<string?> KeyAsync(HealingPolicy policy, CancellationToken cancellationToken)
    {
        if (policy.Spec.Llm!.SecretRef is not { } reference)
            return null;
        try
        {
            var secret = await healer.Objects.GetAsync(Secret, policy.Metadata.NamespaceProperty, reference.Name, cancellationToken)
                ?? throw new ChatModelException($"spec.llm.secretRef: there is no Secret {reference.Name}");
            return (secret["data"] as JsonObject)?[reference.Key] is { } value
                ? Encoding.UTF8.GetString(Convert.FromBase64String((string)value!))
                : throw new ChatModelException($"spec.llm.secretRef: Secret {reference.Name} has no entry {reference.Key}");
        }
        catch (KubeApiException forbidden) when (forbidden.StatusCode == System.Net.HttpStatusCode.Forbidden)
        {
            throw new ChatModelException($"spec.llm.secretRef: grant the account {Healer.Name} get on Secret {reference.Name}, as manifests/samples/healing-llm.yaml does", forbidden);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "No answer of the language model for {About}")]
        public static partial void NoAnswer(ILogger logger, string about, Exception trouble);
    }
}
