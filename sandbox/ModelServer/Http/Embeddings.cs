using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.OpenAi;

namespace Ops.Sandbox.ModelServer.Http;

/// <summary>
/// /v1/embeddings. The vectors mean nothing: unit vectors drawn from the text's hash, so that the same text always has the
/// same one. Time passes as for the prompts of a real batch, and one token of output stands for the pooling.
/// </summary>
internal sealed class Embeddings(SimulatedEngine engine, ServerOptions options)
{
    private const int DefaultDimensions = 64;

    // 2,048 inputs of 4,096 numbers are 8.4 million, as base64 45 MB; the field's models have at most that many dimensions.
    private const int MaxDimensions = 4_096;
    private const int MaxInputs = 2_048;

    public async Task HandleAsync(HttpContext context)
    {
        var body = await Body.ReadAsync(context.Request, Answers.MaxBodyBytes);
        Request request;
        try
        {
            request = Parse(body);
        }
        catch (JsonException e)
        {
            throw Invalid($"The body is not valid JSON: {e.Message}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body.Array!);
        }

        if (!options.ServedNames.Contains(request.Model, StringComparer.Ordinal))
            throw new OpenAiException(OpenAiError.NotFound($"The model `{request.Model}` does not exist.", "model_not_found"));
        if (!engine.Ready)
            throw new OpenAiException(OpenAiError.Unavailable("The model is still loading.", "loading"));
        SleepPages.ThrowUnlessAwake(engine);
        var tokens = request.Inputs.Sum(input => input.Tokens);
        if (tokens >= options.MaxModelLength)
            throw Invalid($"This model's maximum context length is {options.MaxModelLength} tokens. However, the inputs have {tokens}.", "input");
        await ComputeAsync(context, tokens);
        await WriteAsync(context, request, tokens);
    }

    private async Task ComputeAsync(HttpContext context, int tokens)
    {
        var sequence = engine.Submit(tokens, 1, FinishReason.Stop)
            ?? throw new OpenAiException(OpenAiError.Unavailable($"{engine.Limits.MaxWaiting} requests are waiting already.", "overloaded"));
        await using var gone = context.RequestAborted.Register(() => engine.Abort(sequence));
        try
        {
            while (sequence.Progress.Outcome == FinishReason.None)
                await sequence.WaitAsync(1);
            if (sequence.Progress.Outcome == FinishReason.Abort)
                throw new OpenAiException(OpenAiError.Unavailable("The server is shutting down.", "shutting_down"));
        }
        finally
        {
            engine.Abort(sequence);
        }
    }

    private static async Task WriteAsync(HttpContext context, Request request, int tokens)
    {
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            for (var i = 0; i < request.Inputs.Count; i++)
                WriteVector(json, i, Vector(request.Inputs[i].Hash, request.Dimensions), request.Base64);
            json.WriteEndArray();
            json.WriteString("model", request.Model);
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", tokens);
            json.WriteNumber("total_tokens", tokens);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void WriteVector(Utf8JsonWriter json, int index, float[] vector, bool base64)
    {
        json.WriteStartObject();
        json.WriteString("object", "embedding");
        json.WriteNumber("index", index);
        if (base64)
        {
            json.WriteBase64String("embedding", MemoryMarshal.AsBytes(vector.AsSpan()));
        }
        else
        {
            json.WriteStartArray("embedding");
            foreach (var value in vector)
                json.WriteNumberValue(value);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static float[] Vector(ulong hash, int dimensions)
    {
        var vector = new float[dimensions];
        var state = hash | 1;
        for (var i = 0; i < dimensions; i++)
        {
            // Xorshift64*, of which the upper 24 bits make a number in -1..1.
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            vector[i] = ((int)((state * 0x2545F4914F6CDD1D) >> 40) / (float)(1 << 23)) - 1;
        }

        var length = MathF.Sqrt(vector.Sum(value => value * value));
        for (var i = 0; i < dimensions; i++)
            vector[i] /= length;
        return vector;
    }

    private static Request Parse(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw Invalid("The body must be a JSON object.");
        var model = root.TryGetProperty("model", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : throw Invalid("Field required: 'model'.", "model");
        var inputs = root.TryGetProperty("input", out var input) ? Inputs(input) : throw Invalid("Field required: 'input'.", "input");
        var dimensions = DefaultDimensions;
        if (root.TryGetProperty("dimensions", out var wanted) && wanted.ValueKind != JsonValueKind.Null
            && (wanted.ValueKind != JsonValueKind.Number || !wanted.TryGetInt32(out dimensions) || dimensions is < 1 or > MaxDimensions))
            throw Invalid($"'dimensions' must be a whole number from 1 to {MaxDimensions}.", "dimensions");
        var base64 = root.TryGetProperty("encoding_format", out var format) && format.ValueKind == JsonValueKind.String && format.ValueEquals("base64"u8);
        return new Request(model, inputs, dimensions, base64);
    }

    // "text", ["text", "text"], [1, 2, 3] as token ids, or [[1, 2], [3]].
    private static List<Input> Inputs(JsonElement input)
    {
        if (input.ValueKind == JsonValueKind.String)
            return [Input.Of(Encoding.UTF8.GetBytes(input.GetString()!))];
        if (input.ValueKind != JsonValueKind.Array || input.GetArrayLength() is 0 or > 262_144)
            throw Invalid("'input' must be a string or an array that is not empty.", "input");
        if (input[0].ValueKind == JsonValueKind.Number)
            return [OfTokens(input)];
        if (input.GetArrayLength() > MaxInputs)
            throw Invalid($"'input' must have at most {MaxInputs} entries.", "input");
        return [.. input.EnumerateArray().Select(entry => entry.ValueKind switch
        {
            JsonValueKind.String => Input.Of(Encoding.UTF8.GetBytes(entry.GetString()!)),
            JsonValueKind.Array => OfTokens(entry),
            _ => throw Invalid("'input' must hold strings or token ids.", "input"),
        })];
    }

    private static Input OfTokens(JsonElement tokens)
    {
        var ids = tokens.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value) ? value : throw Invalid("Token ids must be whole numbers.", "input")).ToArray();
        return Input.Of(MemoryMarshal.AsBytes(ids.AsSpan()));
    }

    private static OpenAiException Invalid(string message, string? parameter = null) => new(OpenAiError.Invalid(message, parameter));

    private sealed record Request(string Model, List<Input> Inputs, int Dimensions, bool Base64);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Input(ulong Hash, int Tokens)
    {
        public static Input Of(ReadOnlySpan<byte> utf8)
        {
            var prompt = new CompletionRequest { Kind = AnswerKind.Completion };
            prompt.AddPrompt(utf8);
            return new Input(prompt.PromptHash, prompt.PromptTokens);
        }
    }
}
