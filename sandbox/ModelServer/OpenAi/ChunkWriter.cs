using System.Buffers;
using System.Globalization;
using System.Text;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>
/// Server-sent events of one answer. All that repeats is built once a request: an event is a copy of prefix, four bytes and suffix.
/// </summary>
internal sealed class ChunkWriter : IAnswerFormat
{
    private readonly byte[] _head;
    private readonly byte[] _prefix;
    private readonly byte[] _suffix;
    private readonly CompletionRequest _request;
    private readonly AnswerPlan _plan;
    private readonly Filler _filler;
    private readonly string _id;
    private readonly long _created;
    private readonly string _model;

    public ChunkWriter(CompletionRequest request, AnswerPlan plan, Filler filler, string id, long created, string model)
    {
        _request = request;
        _plan = plan;
        _filler = filler;
        (_id, _created, _model) = (id, created, System.Text.Json.JsonEncodedText.Encode(model).ToString());
        var kind = request.Chat ? "chat.completion.chunk" : "text_completion";
        var head = $"data: {{\"id\":\"{id}\",\"object\":\"{kind}\",\"created\":{created.ToString(CultureInfo.InvariantCulture)},\"model\":\"{_model}\",\"choices\":[";
        _head = Encoding.UTF8.GetBytes(head);
        _prefix = Encoding.UTF8.GetBytes(head + (request.Chat ? "{\"index\":0,\"delta\":{\"content\":\"" : "{\"index\":0,\"text\":\""));
        _suffix = request.Chat
            ? "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"u8.ToArray()
            : "\",\"logprobs\":null,\"finish_reason\":null}]}\n\n"u8.ToArray();
    }

    public void Tokens(IBufferWriter<byte> output, int from, int to)
    {
        if (from == 0 && _request.Chat)
        {
            output.Write(_head);
            output.Write("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n"u8);
        }
        for (var i = from; i < to; i++)
        {
            var shown = Math.Min(Filler.TokenBytes, _plan.TextBytes - (i * Filler.TokenBytes));
            if (shown <= 0)
                return;
            var size = _prefix.Length + shown + _suffix.Length;
            var span = output.GetSpan(size);
            _prefix.CopyTo(span);
            _filler.Token(i)[..shown].CopyTo(span[_prefix.Length..]);
            _suffix.CopyTo(span[(_prefix.Length + shown)..]);
            output.Advance(size);
        }
    }

    public void End(IBufferWriter<byte> output, FinishReason reason, int tokens)
    {
        var word = reason == FinishReason.Stop ? "stop" : "length";
        output.Write(_head);
        Write(output, _request.Chat
            ? $"{{\"index\":0,\"delta\":{{}},\"logprobs\":null,\"finish_reason\":\"{word}\"}}]}}\n\n"
            : $"{{\"index\":0,\"text\":\"\",\"logprobs\":null,\"finish_reason\":\"{word}\"}}]}}\n\n");
        if (_request.IncludeUsage)
        {
            output.Write(_head);
            Write(output, $"],\"usage\":{Usage(_request.PromptTokens, tokens)}}}\n\n");
        }
        output.Write("data: [DONE]\n\n"u8);
    }

    public void Broken(IBufferWriter<byte> output) =>
        output.Write("data: {\"error\":{\"message\":\"The server is shutting down.\",\"type\":\"service_unavailable_error\",\"param\":null,\"code\":\"shutting_down\"}}\n\n"u8);

    public string Whole()
    {
        var text = _filler.Text(_plan.Tokens)[.._plan.TextBytes];
        var word = _plan.Reason == FinishReason.Stop ? "stop" : "length";
        var choice = _request.Chat
            ? $"{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"{text}\"}},\"logprobs\":null,\"finish_reason\":\"{word}\"}}"
            : $"{{\"index\":0,\"text\":\"{text}\",\"logprobs\":null,\"finish_reason\":\"{word}\"}}";
        var kind = _request.Chat ? "chat.completion" : "text_completion";
        return $"{{\"id\":\"{_id}\",\"object\":\"{kind}\",\"created\":{_created.ToString(CultureInfo.InvariantCulture)}," +
            $"\"model\":\"{_model}\",\"choices\":[{choice}],\"usage\":{Usage(_request.PromptTokens, _plan.Tokens)}}}";
    }

    private static string Usage(int prompt, int completion) =>
        $"{{\"prompt_tokens\":{prompt},\"total_tokens\":{(long)prompt + completion},\"completion_tokens\":{completion}}}";

    private static void Write(IBufferWriter<byte> output, string ascii) =>
        output.Advance(Encoding.ASCII.GetBytes(ascii, output.GetSpan(ascii.Length)));
}
