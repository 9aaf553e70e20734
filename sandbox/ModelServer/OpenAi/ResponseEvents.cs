using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>
/// An answer in the shape of the Responses API. Its events carry their type twice and a sequence number:
/// event: response.output_text.delta
/// data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"dog "}
/// </summary>
internal sealed class ResponseEvents(CompletionRequest request, AnswerPlan plan, Filler filler, string id, long created, string model) : IAnswerFormat
{
    private const string Place = "\"output_index\":0,\"content_index\":0";

    private readonly string _item = "msg" + id[id.IndexOf('_', StringComparison.Ordinal)..];
    private readonly string _model = JsonEncodedText.Encode(model).ToString();
    private int _sequence;

    public void Tokens(IBufferWriter<byte> output, int from, int to)
    {
        if (from == 0)
            Begin(output);
        for (var i = from; i < to; i++)
        {
            var shown = Math.Min(Filler.TokenBytes, plan.TextBytes - (i * Filler.TokenBytes));
            if (shown > 0)
                Write(output, "response.output_text.delta", $"\"item_id\":\"{_item}\",{Place},\"delta\":\"{Encoding.ASCII.GetString(filler.Token(i)[..shown])}\"");
        }
    }

    public void End(IBufferWriter<byte> output, FinishReason reason, int tokens)
    {
        Write(output, "response.output_text.done", $"\"item_id\":\"{_item}\",{Place},\"text\":\"{Text}\"");
        Write(output, "response.content_part.done", $"\"item_id\":\"{_item}\",{Place},\"part\":{Part(Text)}");
        Write(output, "response.output_item.done", $"\"output_index\":0,\"item\":{Item("completed", Part(Text))}");
        Write(output, IsComplete(reason) ? "response.completed" : "response.incomplete", $"\"response\":{Response(reason, tokens)}");
    }

    public void Broken(IBufferWriter<byte> output) =>
        Write(output, "error", "\"code\":\"shutting_down\",\"message\":\"The server is shutting down.\",\"param\":null");

    public string Whole() => Response(plan.Reason, plan.Tokens);

    private string Text => filler.Text(plan.Tokens)[..plan.TextBytes];

    private void Begin(IBufferWriter<byte> output)
    {
        var started = Head("in_progress", "null") + ",\"output\":[],\"usage\":null}";
        Write(output, "response.created", $"\"response\":{started}");
        Write(output, "response.in_progress", $"\"response\":{started}");
        Write(output, "response.output_item.added", $"\"output_index\":0,\"item\":{Item("in_progress", "")}");
        Write(output, "response.content_part.added", $"\"item_id\":\"{_item}\",{Place},\"part\":{Part("")}");
    }

    private static bool IsComplete(FinishReason reason) => reason == FinishReason.Stop;

    private string Response(FinishReason reason, int tokens) =>
        (IsComplete(reason) ? Head("completed", "null") : Head("incomplete", "{\"reason\":\"max_output_tokens\"}"))
        + $",\"output\":[{Item("completed", Part(Text))}],\"usage\":{{\"input_tokens\":{request.PromptTokens},\"input_tokens_details\":{{\"cached_tokens\":0}},"
        + $"\"output_tokens\":{tokens},\"output_tokens_details\":{{\"reasoning_tokens\":0}},\"total_tokens\":{(long)request.PromptTokens + tokens}}}}}";

    private string Head(string status, string incomplete) =>
        $"{{\"id\":\"{id}\",\"object\":\"response\",\"created_at\":{created.ToString(CultureInfo.InvariantCulture)},\"status\":\"{status}\","
        + $"\"error\":null,\"incomplete_details\":{incomplete},\"model\":\"{_model}\"";

    private string Item(string status, string content) =>
        $"{{\"type\":\"message\",\"id\":\"{_item}\",\"status\":\"{status}\",\"role\":\"assistant\",\"content\":[{content}]}}";

    private static string Part(string text) => $"{{\"type\":\"output_text\",\"text\":\"{text}\",\"annotations\":[]}}";

    private void Write(IBufferWriter<byte> output, string type, string fields)
    {
        var text = $"event: {type}\ndata: {{\"type\":\"{type}\",\"sequence_number\":{_sequence++},{fields}}}\n\n";
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
    }
}
