using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Ops.Picking;

namespace Ops.Router;

/// <summary>
/// Reads from a request what the router needs, in one pass without building a tree. The whole body
/// is checked to be JSON, so that no engine sees what this parser did not understand.
/// </summary>
internal static class RequestParser
{
    // Deep enough for tool schemas of the field (about 20), shallow enough to bound every recursive parser behind us.
    private const int MaxDepth = 64;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    [Flags]
    private enum Keys
    {
        None = 0,
        Model = 1,
        Stream = 2,
        MaxTokens = 4,
        MaxCompletionTokens = 8,
        Messages = 16,
        Prompt = 32,
        User = 64,
        StreamOptions = 128,
        PromptCacheKey = 256,
        CacheSalt = 512,
        Input = 1024,
        MaxOutputTokens = 2048,
        State = 4096,
        Instructions = 8192,
    }

    /// <summary>Parses a body such as {"model":"chat","messages":[{"role":"user","content":"Hello"}],"stream":true}.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="operation">What the client asks for.</param>
    /// <param name="request">What it says. Its prompt's chain is rented: release it when the request is over.</param>
    /// <returns>Null, or a 400 that says what is wrong and at which byte.</returns>
    internal static OpenAiError? Parse(ReadOnlySpan<byte> body, Operation operation, out ParsedRequest request)
    {
        request = default;
        var error = Check(body, operation, ref request);
        if (error is not null)
            request.Prompt.Release();
        return error;
    }

    private static OpenAiError? Check(ReadOnlySpan<byte> body, Operation operation, ref ParsedRequest request)
    {
        if (body.IsEmpty)
            return Invalid("The request body is empty. Send a JSON object with \"model\" and \"messages\", \"prompt\" or \"input\".");
        if (InvalidUtf8At(body) is { } at)
            return Invalid($"The request body is not valid UTF-8 at byte {at}. Encode the JSON as UTF-8.");
        try
        {
            return ParseObject(body, operation, ref request);
        }
        catch (JsonException e)
        {
            return Invalid($"The request body is not valid JSON at byte {Position(body, e)}: {Reason(e)}");
        }
    }

    private static OpenAiError? ParseObject(ReadOnlySpan<byte> body, Operation operation, ref ParsedRequest request)
    {
        var reader = new Utf8JsonReader(body, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            return Invalid("The request body is not a JSON object. Send an object with \"model\" and \"messages\", \"prompt\" or \"input\".");

        var seen = Keys.None;
        int? maxTokens = null, maxOutputTokens = null, maxCompletionTokens = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = Recognise(ref reader);
            // Two parsers may keep different ones of two equal keys; what is priced here must be what is served there.
            if ((seen & key & ~Keys.State) != Keys.None)
                return Invalid($"The key \"{reader.GetString()}\" stands twice in the request, the second time at byte {reader.TokenStartIndex}. Send it once.", reader.GetString(), "duplicate_key");
            seen |= key;
            reader.Read();
            switch (key)
            {
                case Keys.Model when reader.TokenType != JsonTokenType.String:
                    return Invalid("\"model\" must be a string.", "model");
                case Keys.Model:
                    request.ModelToken = (int)reader.TokenStartIndex..(int)reader.BytesConsumed;
                    request.EscapedModel = reader.ValueIsEscaped ? reader.GetString() : null;
                    break;
                case Keys.Stream:
                    request.Stream = reader.TokenType == JsonTokenType.True;
                    break;
                case Keys.MaxTokens:
                    maxTokens = Limit(ref reader);
                    break;
                case Keys.MaxOutputTokens:
                    maxOutputTokens = Limit(ref reader);
                    break;
                case Keys.MaxCompletionTokens:
                    maxCompletionTokens = Limit(ref reader);
                    break;
                case Keys.State when operation == Operation.Responses && reader.TokenType is not (JsonTokenType.Null or JsonTokenType.False):
                    return Invalid("previous_response_id, conversation and background need a memory of earlier answers, and none is kept here. Send the whole conversation in \"input\".", code: "no_stored_responses");
                case Keys.Messages or Keys.Prompt or Keys.Input or Keys.Instructions:
                    CountText(ref reader, ref request, isText: key != Keys.Messages);
                    break;
                case Keys.User:
                    request.User = Hash(ref reader);
                    break;
                case Keys.PromptCacheKey:
                    request.PromptCacheKey = Hash(ref reader);
                    break;
                case Keys.CacheSalt:
                    request.CacheSalt = Hash(ref reader);
                    break;
                case Keys.StreamOptions:
                    request.IncludeUsage = ReadIncludeUsage(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        // Nothing but white space may follow; the reader throws on anything else.
        reader.Read();
        request.MaxTokens = operation == Operation.Embeddings ? 0 : maxCompletionTokens ?? maxOutputTokens ?? maxTokens;
        return (seen & Keys.Model) == Keys.None
            ? Invalid("The request names no model. Add \"model\"; GET /v1/models lists the names.", "model", "missing_model")
            : null;
    }

    private static Keys Recognise(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("model"u8))
            return Keys.Model;
        if (reader.ValueTextEquals("messages"u8))
            return Keys.Messages;
        if (reader.ValueTextEquals("stream"u8))
            return Keys.Stream;
        if (reader.ValueTextEquals("max_tokens"u8))
            return Keys.MaxTokens;
        if (reader.ValueTextEquals("max_completion_tokens"u8))
            return Keys.MaxCompletionTokens;
        if (reader.ValueTextEquals("prompt"u8))
            return Keys.Prompt;
        if (reader.ValueTextEquals("user"u8))
            return Keys.User;
        if (reader.ValueTextEquals("prompt_cache_key"u8))
            return Keys.PromptCacheKey;
        if (reader.ValueTextEquals("cache_salt"u8))
            return Keys.CacheSalt;
        if (reader.ValueTextEquals("input"u8))
            return Keys.Input;
        if (reader.ValueTextEquals("instructions"u8))
            return Keys.Instructions;
        if (reader.ValueTextEquals("max_output_tokens"u8))
            return Keys.MaxOutputTokens;
        if (reader.ValueTextEquals("previous_response_id"u8) || reader.ValueTextEquals("conversation"u8) || reader.ValueTextEquals("background"u8))
            return Keys.State;
        return reader.ValueTextEquals("stream_options"u8) ? Keys.StreamOptions : Keys.None;
    }

    // A value that is no natural number is the engine's to refuse; the choice does without it.
    private static int? Limit(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) && value > 0)
            return value;
        reader.Skip();
        return null;
    }

    // A key is any text; what is no text is the engine's to refuse.
    private static ulong Hash(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
            return KeyHash.Of(reader.ValueSpan);
        reader.Skip();
        return 0;
    }

    // [{"role":"user","content":"text"},{"role":"user","content":[{"type":"text","text":"text"},{"type":"image_url",...}]}]
    // Only text counts as tokens: an image arrives as megabytes of base64 that are none. All of it tells prompts apart.
    // Prompts and inputs may be bare: "text", ["text", "text"], [1, 2, 3] (token ids) or [[1, 2], [3]].
    private static void CountText(ref Utf8JsonReader reader, ref ParsedRequest request, bool isText)
    {
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            if (isText && reader.TokenType == JsonTokenType.String)
                TakeString(reader.ValueSpan, isText, ref request);
            return;
        }

        var depth = reader.CurrentDepth;
        while (reader.Read() && !(reader.CurrentDepth == depth && reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject))
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
                isText = reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("arguments"u8);
            else if (reader.TokenType == JsonTokenType.String)
                TakeString(reader.ValueSpan, isText, ref request);
            else if (isText && reader.TokenType == JsonTokenType.Number)
                TakeTokenId(reader.ValueSpan, ref request);
        }
    }

    private static void TakeString(ReadOnlySpan<byte> value, bool isText, ref ParsedRequest request)
    {
        if (isText)
        {
            request.PromptBytes += value.Length;
            request.Prompt.Append(value);
            if (request.Template == 0)
                request.Template = request.Prompt.State;
        }
        else
        {
            request.Prompt.Mix(value);
        }
    }

    private static void TakeTokenId(ReadOnlySpan<byte> digits, ref ParsedRequest request)
    {
        request.PromptTokenIds++;
        request.Prompt.AppendToken(digits);
    }

    private static bool ReadIncludeUsage(ref Utf8JsonReader reader)
    {
        var include = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return include;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isInclude = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            if (isInclude)
                include = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }

        return include;
    }

    private static OpenAiError Invalid(string message, string? param = null, string code = "invalid_request") =>
        new(StatusCodes.Status400BadRequest, code, message, param);

    private static int? InvalidUtf8At(ReadOnlySpan<byte> body) => Utf8.IsValid(body) ? null : FirstInvalid(body);

    private static int FirstInvalid(ReadOnlySpan<byte> body)
    {
        var at = 0;
        while (System.Text.Rune.DecodeFromUtf8(body[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
            at += length;
        return at;
    }

    // The exception counts lines and bytes in the line; a body is one line more often than not, so users want the offset.
    private static long Position(ReadOnlySpan<byte> body, JsonException exception)
    {
        long at = 0;
        for (var line = exception.LineNumber ?? 0; line > 0; line--)
            at += body[(int)at..].IndexOf((byte)'\n') + 1;
        return at + (exception.BytePositionInLine ?? 0);
    }

    // "'}' is invalid after a value. ... LineNumber: 0 | BytePositionInLine: 17." The position is in our own words already.
    private static string Reason(JsonException exception)
    {
        var end = exception.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? exception.Message : exception.Message[..end].ToString(CultureInfo.InvariantCulture);
    }
}
