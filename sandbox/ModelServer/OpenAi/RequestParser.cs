using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>
/// Reads a completion request without building an object tree. Sampling parameters are accepted and have no effect on filler
/// text; what would change the shape of the answer and is not simulated is refused by name.
/// </summary>
internal static class RequestParser
{
    private static readonly string[] Refused =
        ["tools", "functions", "logprobs", "top_logprobs", "prompt_logprobs", "echo", "suffix", "audio", "best_of", "use_beam_search"];

    /// <exception cref="OpenAiException">The body is not JSON, or asks for something impossible.</exception>
    public static CompletionRequest Parse(ReadOnlySpan<byte> body, AnswerKind kind)
    {
        var request = new CompletionRequest { Kind = kind };
        var json = new Utf8JsonReader(body);
        try
        {
            ReadObject(ref json, request);
        }
        catch (JsonException e)
        {
            throw Invalid($"The body is not valid JSON: {e.Message}");
        }
        if (request.Model is null)
            throw Invalid("Field required: 'model'.", "model");
        if (!request.HasPrompt)
            throw Invalid(request.Chat ? "Field required: 'messages' with at least one message." : $"Field required: '{request.PromptField}'.", request.PromptField);
        return request;
    }

    private static void ReadObject(ref Utf8JsonReader json, CompletionRequest request)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            throw Invalid("The body must be a JSON object.");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            ReadField(ref json, name, request);
        }
        if (json.Read())
            throw Invalid("The body has something after the JSON object.");
    }

    private static void ReadField(ref Utf8JsonReader json, string name, CompletionRequest request)
    {
        switch (name)
        {
            case "model":
                request.Model = Text(ref json, name);
                break;
            case "messages" when request.Chat:
                ReadMessages(ref json, request);
                break;
            case "input" when request.Kind == AnswerKind.Response:
                ReadInput(ref json, request);
                break;
            case "instructions" when request.Kind == AnswerKind.Response && json.TokenType == JsonTokenType.String:
                ReadInstructions(ref json, request);
                break;
            case "prompt" when request.Kind == AnswerKind.Completion:
                ReadPrompt(ref json, request);
                break;
            case "max_tokens" or "max_completion_tokens" or "max_output_tokens" when json.TokenType != JsonTokenType.Null:
                request.MaxTokens = Whole(ref json, name, least: 1);
                break;
            case "stream":
                request.Stream = Flag(ref json, name);
                break;
            case "ignore_eos":
                request.IgnoreEos = Flag(ref json, name);
                break;
            case "stream_options" when json.TokenType == JsonTokenType.StartObject:
                ReadStreamOptions(ref json, request);
                break;
            case "stop" when json.TokenType != JsonTokenType.Null:
                ReadStop(ref json, request);
                break;
            case "n" when json.TokenType != JsonTokenType.Null:
                if (Whole(ref json, name, least: 1) != 1)
                    throw Invalid("This simulated server gives one choice an answer: 'n' must be 1.", name);
                break;
            default:
                Skip(ref json, name);
                break;
        }
    }

    private static void Skip(ref Utf8JsonReader json, string name)
    {
        var empty = json.TokenType is JsonTokenType.Null or JsonTokenType.False;
        if (json.TokenType == JsonTokenType.StartArray)
        {
            var depth = json.CurrentDepth;
            json.Read();
            empty = json.TokenType == JsonTokenType.EndArray;
            while (json.CurrentDepth > depth || json.TokenType != JsonTokenType.EndArray)
                json.Read();
        }
        else if (!json.TrySkip())
        {
            throw new JsonException("The body ends early.");
        }
        if (!empty && Array.IndexOf(Refused, name) >= 0)
            throw Invalid($"This simulated server does not support '{name}'.", name);
    }

    private static void ReadMessages(ref Utf8JsonReader json, CompletionRequest request)
    {
        Expect(ref json, JsonTokenType.StartArray, request.PromptField, "an array");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(ref json, JsonTokenType.StartObject, request.PromptField, "an array of objects");
            request.HasPrompt = true;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var content = json.ValueTextEquals("content"u8);
                json.Read();
                if (content)
                    ReadContent(ref json, request);
                else
                    json.Skip();
            }
        }
    }

    // "input": "text", or messages as above.
    private static void ReadInput(ref Utf8JsonReader json, CompletionRequest request)
    {
        if (json.TokenType == JsonTokenType.String)
            AddPrompt(ref json, request);
        else
            ReadMessages(ref json, request);
    }

    // Part of the prompt, but no prompt by itself.
    private static void ReadInstructions(ref Utf8JsonReader json, CompletionRequest request)
    {
        var had = request.HasPrompt;
        AddPrompt(ref json, request);
        request.HasPrompt = had;
    }

    // "content": "text", null, or [{"type": "text", "text": "..."}]; the Responses API says input_text and output_text.
    private static void ReadContent(ref Utf8JsonReader json, CompletionRequest request)
    {
        if (json.TokenType == JsonTokenType.Null)
            return;
        if (json.TokenType == JsonTokenType.String)
        {
            AddPrompt(ref json, request);
            return;
        }
        Expect(ref json, JsonTokenType.StartArray, "messages", "content as a string or an array of parts");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(ref json, JsonTokenType.StartObject, "messages", "content parts as objects");
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var name = json.GetString()!;
                json.Read();
                if (string.Equals(name, "text", StringComparison.Ordinal) && json.TokenType == JsonTokenType.String)
                    AddPrompt(ref json, request);
                else if (string.Equals(name, "type", StringComparison.Ordinal) && !json.ValueTextEquals("text"u8) && !json.ValueTextEquals("input_text"u8) && !json.ValueTextEquals("output_text"u8))
                    throw Invalid("This simulated server reads text only; other content parts are not supported.", "messages");
                else
                    json.Skip();
            }
        }
    }

    // "prompt": "text", ["text"], or [1, 2, 3] as token ids.
    private static void ReadPrompt(ref Utf8JsonReader json, CompletionRequest request)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            AddPrompt(ref json, request);
            return;
        }
        Expect(ref json, JsonTokenType.StartArray, "prompt", "a string, an array with one string, or an array of token ids");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType == JsonTokenType.Number)
            {
                var token = json.GetInt32();
                request.AddPrompt(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in token)));
            }
            else if (json.TokenType == JsonTokenType.String && !request.HasPrompt)
            {
                AddPrompt(ref json, request);
            }
            else
            {
                throw Invalid("This simulated server takes one prompt a request.", "prompt");
            }
        }
    }

    private static void AddPrompt(ref Utf8JsonReader json, CompletionRequest request)
    {
        if (!json.ValueIsEscaped)
        {
            request.AddPrompt(json.ValueSpan);
            return;
        }
        // An unescaped string is never longer than its escaped form.
        var buffer = ArrayPool<byte>.Shared.Rent(json.ValueSpan.Length);
        try
        {
            request.AddPrompt(buffer.AsSpan(0, json.CopyString(buffer)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void ReadStreamOptions(ref Utf8JsonReader json, CompletionRequest request)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var usage = json.ValueTextEquals("include_usage"u8);
            json.Read();
            if (usage)
                request.IncludeUsage = Flag(ref json, "stream_options.include_usage");
            else
                json.Skip();
        }
    }

    private static void ReadStop(ref Utf8JsonReader json, CompletionRequest request)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            Add(json.GetString()!);
            return;
        }
        Expect(ref json, JsonTokenType.StartArray, "stop", "a string or an array of at most 4 strings");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            Add(Text(ref json, "stop"));

        void Add(string stop)
        {
            if (stop.Length == 0 || request.Stop.Count == 4)
                throw Invalid("'stop' takes at most 4 strings, none of them empty.", "stop");
            request.Stop.Add(stop);
        }
    }

    private static string Text(ref Utf8JsonReader json, string name)
    {
        Expect(ref json, JsonTokenType.String, name, "a string");
        return json.GetString()!;
    }

    private static int Whole(ref Utf8JsonReader json, string name, int least)
    {
        if (json.TokenType != JsonTokenType.Number || !json.TryGetInt32(out var value) || value < least)
            throw Invalid($"'{name}' must be a whole number of at least {least}.", name);
        return value;
    }

    private static bool Flag(ref Utf8JsonReader json, string name) => json.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw Invalid($"'{name}' must be true or false.", name),
    };

    private static void Expect(ref Utf8JsonReader json, JsonTokenType type, string name, string what)
    {
        if (json.TokenType != type)
            throw Invalid($"'{name}' must be {what}.", name);
    }

    private static OpenAiException Invalid(string message, string? parameter = null) => new(OpenAiError.Invalid(message, parameter));
}
