using System.Text.Json;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.OpenAi;

namespace Ops.Sandbox.ModelServer.Http;

/// <summary>
/// /sleep, /wake_up and /is_sleeping as vLLM has them with --enable-sleep-mode and VLLM_SERVER_DEV_MODE=1: no body, 200 when it
/// is done. A request for a model that sleeps gets 503. Of its levels only 1 is simulated, weights in host memory.
/// </summary>
internal sealed partial class SleepPages(SimulatedEngine engine, ILogger<SleepPages> logger)
{
    public Task HandleAsync(HttpContext context) => (context.Request.Method, context.Request.Path.Value) switch
    {
        ("POST", "/sleep") => SleepAsync(context),
        ("POST", "/wake_up") => WakeUpAsync(context),
        ("GET", "/is_sleeping") => TellAsync(context),
        _ => throw new OpenAiException(new OpenAiError(
            StatusCodes.Status405MethodNotAllowed, "invalid_request_error", $"{context.Request.Method} is not allowed on {context.Request.Path}.")),
    };

    /// <summary>Refuses a request for answers while the model does not serve.</summary>
    public static void ThrowUnlessAwake(SimulatedEngine engine)
    {
        if (engine.Sleep != SleepState.Awake)
            throw new OpenAiException(OpenAiError.Unavailable("The model is sleeping. POST /wake_up wakes it.", "sleeping"));
    }

    private async Task SleepAsync(HttpContext context)
    {
        string? level = context.Request.Query["level"];
        if (level is not (null or "1"))
            throw new OpenAiException(OpenAiError.Invalid($"level must be 1, not '{level}': other levels are not simulated.", "level"));
        if (!engine.Ready)
            throw new OpenAiException(OpenAiError.Unavailable("The model is still loading.", "loading"));
        await engine.SleepAsync().WaitAsync(context.RequestAborted);
        Log.Asleep(logger);
    }

    private async Task WakeUpAsync(HttpContext context)
    {
        await engine.WakeUpAsync().WaitAsync(context.RequestAborted);
        Log.Awake(logger);
    }

    private async Task TellAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        var sleeps = engine.Sleep is SleepState.Asleep or SleepState.Waking;
        await context.Response.WriteAsync(JsonSerializer.Serialize(new Dictionary<string, bool> { ["is_sleeping"] = sleeps }), context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Weights moved to host memory.")]
        public static partial void Asleep(ILogger logger);

        [LoggerMessage(2, LogLevel.Information, "Weights loaded from host memory.")]
        public static partial void Awake(ILogger logger);
    }
}
