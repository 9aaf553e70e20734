using System.Text.Json;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;
using Ops.Sandbox.ModelServer.Metrics;
using Ops.Sandbox.ModelServer.OpenAi;

namespace Ops.Sandbox.ModelServer.Http;

/// <summary>Every path of the server, in one list.</summary>
internal sealed partial class Endpoints(
    SimulatedEngine engine, ServerOptions options, ServerMetrics metrics, Answers answers, Embeddings embeddings, SleepPages sleep, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<Endpoints> logger)
{
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();

    public async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers["x-ops-simulated"] = "true";
        try
        {
            await RouteAsync(context);
        }
        catch (OpenAiException e) when (!context.Response.HasStarted)
        {
            await e.Error.WriteAsync(context.Response);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await new OpenAiError(e.StatusCode, "invalid_request_error", e.Message).WriteAsync(context.Response);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            Log.ClientGone(logger, context.Request.Path.Value);
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        var method = context.Request.Method;
        return (method, context.Request.Path.Value) switch
        {
            ("POST", "/v1/chat/completions") => answers.HandleAsync(context, AnswerKind.Chat),
            ("POST", "/v1/completions") => answers.HandleAsync(context, AnswerKind.Completion),
            ("POST", "/v1/responses") => answers.HandleAsync(context, AnswerKind.Response),
            ("POST", "/v1/embeddings") => embeddings.HandleAsync(context),
            ("GET", "/v1/models") => ModelsAsync(context),
            ("GET" or "HEAD", "/health") => HealthAsync(context),
            ("GET", "/metrics") => MetricsAsync(context),
            ("GET", "/simulated/power") => PowerAsync(context),
            ("PUT", "/simulated/power") => SetPowerAsync(context),
            (_, "/sleep" or "/wake_up" or "/is_sleeping") when options.SleepMode => sleep.HandleAsync(context),
            (_, "/v1/chat/completions" or "/v1/completions" or "/v1/responses" or "/v1/embeddings" or "/v1/models" or "/health" or "/metrics" or "/simulated/power") =>
                throw new OpenAiException(new OpenAiError(
                    StatusCodes.Status405MethodNotAllowed, "invalid_request_error", $"{method} is not allowed on {context.Request.Path}.")),
            _ => throw new OpenAiException(new OpenAiError(
                StatusCodes.Status404NotFound, "invalid_request_error", $"There is nothing at {context.Request.Path}.")),
        };
    }

    private Task HealthAsync(HttpContext context)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            throw new OpenAiException(OpenAiError.Unavailable("The server is shutting down.", "shutting_down"));
        if (!engine.Ready)
            throw new OpenAiException(OpenAiError.Unavailable("The model is still loading.", "loading"));
        context.Response.StatusCode = StatusCodes.Status200OK;
        return Task.CompletedTask;
    }

    private Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(metrics.Text(), context.RequestAborted);
    }

    private Task ModelsAsync(HttpContext context) => WriteAsync(context, json =>
    {
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var name in options.ServedNames)
        {
            json.WriteStartObject();
            json.WriteString("id", name);
            json.WriteString("object", "model");
            json.WriteNumber("created", _created);
            json.WriteString("owned_by", "ops-simulated");
            json.WriteString("root", options.Model);
            json.WriteNumber("max_model_len", options.MaxModelLength);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private Task PowerAsync(HttpContext context) => WriteAsync(context, json =>
    {
        var (watts, joules, clock, outside) = engine.Power;
        var setting = engine.Setting;
        json.WriteNumber("clockMHz", setting.ClockMHz);
        json.WriteNumber("powerLimitWatts", setting.PowerLimitWatts);
        json.WriteString("gpuProduct", engine.Profile.Gpu.Name);
        json.WriteNumber("gpuCount", engine.Profile.GpuCount);
        json.WriteNumber("minClockMHz", engine.Profile.Gpu.MinClockMHz);
        json.WriteNumber("maxClockMHz", engine.Profile.Gpu.MaxClockMHz);
        json.WriteNumber("minPowerLimitWatts", engine.Profile.Gpu.MinPowerLimitWatts);
        json.WriteNumber("maxPowerLimitWatts", engine.Profile.Gpu.MaxPowerLimitWatts);
        json.WriteNumber("decodeClockMHz", Math.Round(clock, 1));
        json.WriteNumber("watts", Math.Round(watts, 3));
        json.WriteNumber("joules", Math.Round(joules, 3));
        json.WriteBoolean("outsideMeasuredRange", outside);
    });

    // {"clockMHz": 1200, "powerLimitWatts": 500}; what is absent stays as it is.
    private async Task SetPowerAsync(HttpContext context)
    {
        var body = await Body.ReadAsync(context.Request, 4096);
        PowerSetting wanted;
        try
        {
            wanted = ReadSetting(body);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(body.Array!);
        }
        if (ServerOptions.PowerProblem(engine.Profile.Gpu, wanted) is { } problem)
            throw new OpenAiException(OpenAiError.Invalid(problem));
        engine.Setting = wanted;
        Log.PowerSet(logger, wanted.ClockMHz, wanted.PowerLimitWatts);
        await PowerAsync(context);
    }

    private PowerSetting ReadSetting(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var setting = engine.Setting;
            foreach (var property in json.RootElement.EnumerateObject())
            {
                if (!property.Value.TryGetInt32(out var value))
                    throw new OpenAiException(OpenAiError.Invalid($"'{property.Name}' must be a whole number.", property.Name));
                setting = property.Name switch
                {
                    "clockMHz" => setting with { ClockMHz = value },
                    "powerLimitWatts" => setting with { PowerLimitWatts = value },
                    _ => throw new OpenAiException(OpenAiError.Invalid($"Unknown field '{property.Name}'; known are clockMHz and powerLimitWatts.", property.Name)),
                };
            }
            return setting;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new OpenAiException(OpenAiError.Invalid("The body must be an object with the numbers clockMHz and powerLimitWatts."));
        }
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "The client of {Path} has gone.")]
        public static partial void ClientGone(ILogger logger, string? path);

        [LoggerMessage(2, LogLevel.Information, "Clock set to {ClockMHz} MHz, power limit to {PowerLimitWatts} W a GPU.")]
        public static partial void PowerSet(ILogger logger, int clockMHz, int powerLimitWatts);
    }
}
