using System.Buffers;
using System.Text;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.OpenAi;

namespace Ops.Sandbox.ModelServer.Http;

/// <summary>/v1/chat/completions, /v1/completions and /v1/responses.</summary>
internal sealed class Answers(SimulatedEngine engine, ServerOptions options, TimeProvider time)
{
    /// <summary>
    /// The longest prompt is 262,144 tokens of 4 bytes; JSON may spend 6 bytes on one, which is 6.3 MB.
    /// </summary>
    public const int MaxBodyBytes = 8 * 1024 * 1024;

    private readonly long _started = time.GetUtcNow().Ticks;
    private long _count;

    public async Task HandleAsync(HttpContext context, AnswerKind kind)
    {
        var request = await ReadAsync(context, kind);
        if (!options.ServedNames.Contains(request.Model!, StringComparer.Ordinal))
            throw new OpenAiException(OpenAiError.NotFound($"The model `{request.Model}` does not exist.", "model_not_found"));
        if (!engine.Ready)
            throw new OpenAiException(OpenAiError.Unavailable("The model is still loading.", "loading"));
        SleepPages.ThrowUnlessAwake(engine);
        var filler = new Filler(request.PromptHash ^ options.Seed);
        var plan = AnswerPlan.Make(request, filler, options.MaxModelLength, engine.Limits.CacheTokens);
        var sequence = engine.Submit(request.PromptTokens, plan.Tokens, plan.Reason)
            ?? throw new OpenAiException(OpenAiError.Unavailable($"{engine.Limits.MaxWaiting} requests are waiting already.", "overloaded"));
        // Disposed at the end of the answer; until then a lost connection frees the slot at once.
        await using var gone = context.RequestAborted.Register(() => engine.Abort(sequence));
        var id = $"{Prefix(kind)}{_started:x}-{Interlocked.Increment(ref _count):x}";
        var created = time.GetUtcNow().ToUnixTimeSeconds();
        IAnswerFormat format = kind == AnswerKind.Response
            ? new ResponseEvents(request, plan, filler, id, created, request.Model!)
            : new ChunkWriter(request, plan, filler, id, created, request.Model!);
        try
        {
            if (request.Stream)
                await StreamAsync(context, sequence, format);
            else
                await WholeAsync(context, sequence, plan, format);
        }
        finally
        {
            engine.Abort(sequence);
        }
    }

    private static string Prefix(AnswerKind kind) => kind switch
    {
        AnswerKind.Chat => "chatcmpl-",
        AnswerKind.Response => "resp_",
        _ => "cmpl-",
    };

    private static async Task StreamAsync(HttpContext context, Sequence sequence, IAnswerFormat format)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        var output = response.BodyWriter;
        var sent = 0;
        while (true)
        {
            await sequence.WaitAsync(sent);
            var (tokens, outcome) = sequence.Progress;
            if (outcome == FinishReason.Abort)
            {
                if (context.RequestAborted.IsCancellationRequested)
                    return;
                format.Broken(output);
                await output.FlushAsync(context.RequestAborted);
                return;
            }
            format.Tokens(output, sent, tokens);
            sent = tokens;
            if (outcome != FinishReason.None)
                format.End(output, outcome, tokens);
            // Completed synchronously unless the client reads too slowly; then tokens gather and go out together.
            var flushed = await output.FlushAsync(context.RequestAborted);
            if (outcome != FinishReason.None || flushed.IsCompleted)
                return;
        }
    }

    private static async Task WholeAsync(HttpContext context, Sequence sequence, AnswerPlan plan, IAnswerFormat format)
    {
        while (sequence.Progress.Outcome == FinishReason.None)
            await sequence.WaitAsync(plan.Tokens);
        if (sequence.Progress.Outcome == FinishReason.Abort)
        {
            if (context.RequestAborted.IsCancellationRequested)
                return;
            throw new OpenAiException(OpenAiError.Unavailable("The server is shutting down.", "shutting_down"));
        }
        var bytes = Encoding.UTF8.GetBytes(format.Whole());
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static async Task<CompletionRequest> ReadAsync(HttpContext context, AnswerKind kind)
    {
        var body = await Body.ReadAsync(context.Request, MaxBodyBytes);
        try
        {
            return RequestParser.Parse(body, kind);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body.Array!);
        }
    }
}
