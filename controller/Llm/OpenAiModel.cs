using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using Azure.AI.OpenAI;
using OpenAI;
using OpenAI.Chat;
using Ops.Api;

namespace Ops.Llm;

/// <summary>A model behind Azure OpenAI or any endpoint of the OpenAI API.</summary>
public sealed class OpenAiModel : IChatModel, IDisposable
{
    // Local engines ask for no key, and the client library insists on one.
    private const string NoKey = "none";

    private readonly HttpClient http;
    private readonly ChatClient chat;
    private readonly TimeSpan timeout;

    /// <summary>Creates a client; nothing is sent yet.</summary>
    /// <param name="llm">Where and which.</param>
    /// <param name="key">Its key, or null.</param>
    public OpenAiModel(HealingLlm llm, string? key)
    {
        timeout = llm.EffectiveTimeout;
        // A redirect would carry the key and the evidence to an address that nobody wrote into the policy.
        http = new(new BoundedAnswers(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }));
        var (credential, transport) = (new ApiKeyCredential(string.IsNullOrWhiteSpace(key) ? NoKey : key.Trim()), new HttpClientPipelineTransport(http));
        // Whoever asks decides what to do with no answer: no retries here.
        var retries = new ClientRetryPolicy(0);
        OpenAIClient client = llm.Api == LlmApis.Azure
            ? new AzureOpenAIClient(new(llm.Endpoint), credential, new() { Transport = transport, RetryPolicy = retries, NetworkTimeout = timeout })
            : new OpenAIClient(credential, new() { Endpoint = new(llm.Endpoint), Transport = transport, RetryPolicy = retries, NetworkTimeout = timeout });
        chat = client.GetChatClient(llm.Deployment);
    }

    /// <inheritdoc/>
    public async Task<ChatReply> AskAsync(ChatRequest request, CancellationToken cancellationToken)
    {
        var options = new ChatCompletionOptions { Temperature = request.Temperature, MaxOutputTokenCount = ChatRequest.MaxOutputTokens, ToolChoice = ChatToolChoice.CreateRequiredChoice() };
        foreach (var tool in request.Tools)
            options.Tools.Add(ChatTool.CreateFunctionTool(tool.Name, tool.Description, BinaryData.FromString(tool.Parameters.ToJsonString())));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            ChatCompletion answer = await chat.CompleteChatAsync([new SystemChatMessage(request.Instructions), new UserChatMessage(request.Data)], options, limit.Token);
            return new([.. answer.ToolCalls.Select(call => new ChatToolCall(call.FunctionName, call.FunctionArguments.ToString()))], answer.Usage?.TotalTokenCount ?? 0);
        }
        catch (Exception slow) when (slow is OperationCanceledException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ChatModelException($"it did not answer within {GoDuration.Format(timeout)}", slow);
        }
        catch (ClientResultException refused)
        {
            throw new ChatModelException(refused.Status == 0 ? "it cannot be reached" : $"it answered HTTP {refused.Status}", refused);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or AggregateException)
        {
            throw new ChatModelException($"it cannot be reached: {TaintedText.Clean(broken.GetBaseException().Message, 120)}", broken);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or ArgumentException or FormatException or KeyNotFoundException or NullReferenceException or IndexOutOfRangeException)
        {
            // The library reads answers without checking their shape first.
            throw new ChatModelException("its answer is not one of the OpenAI API", unreadable);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    // An answer is read as a whole, so its length is bounded: 1 MiB is a hundred times what eight tool calls need.
    private sealed class BoundedAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        private const int MaxBytes = 1 << 20;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            await answer.Content.LoadIntoBufferAsync(MaxBytes, cancellationToken);
            return answer;
        }
    }
}
