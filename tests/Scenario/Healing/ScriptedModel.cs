using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ops.HealingScenario;

/// <summary>
/// A simulated language model behind the OpenAI API, on loopback: it reads the tools and the evidence of each question and
/// answers as its character does. Every answer says that it is simulated. Nothing in it understands anything.
/// </summary>
public sealed class ScriptedModel : IAsyncDisposable
{
    // Far above what the planner sends: 24 objects, 40 changes and a dozen tools.
    private const int MaxQuestion = 1 << 20;

    private readonly WebApplication app;
    private readonly ModelCharacter character;
    private int asked;

    private ScriptedModel(WebApplication app, ModelCharacter character) => (this.app, this.character) = (app, character);

    /// <summary>The base address for the OpenAI API.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>Questions so far.</summary>
    public int Asked => Volatile.Read(ref asked);

    /// <summary>The last question's body, to look into.</summary>
    public string LastQuestion { get; private set; } = "";

    /// <summary>Authorization and api-key headers of the last question.</summary>
    public string LastKey { get; private set; } = "";

    /// <summary>Starts it on a free port.</summary>
    public static async Task<ScriptedModel> StartAsync(ModelCharacter character, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(options => options.Limits.MaxRequestBodySize = MaxQuestion);
        var model = new ScriptedModel(builder.Build(), character);
        // The second is Azure's path.
        model.app.MapPost("/v1/chat/completions", model.AnswerAsync);
        model.app.MapPost("/openai/deployments/{deployment}/chat/completions", model.AnswerAsync);
        await model.app.StartAsync(cancellation);
        model.Endpoint = model.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/v1";
        return model;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        LastQuestion = await reader.ReadToEndAsync(context.RequestAborted);
        LastKey = $"{context.Request.Headers.Authorization}{context.Request.Headers["api-key"]}";
        var number = Interlocked.Increment(ref asked) - 1;
        context.Response.Headers["x-ops-simulated"] = "true";
        var answer = character.Answer(new(JsonNode.Parse(LastQuestion)!.AsObject(), number));
        if (answer.Never)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }
}

/// <summary>A question as the scripted model reads it.</summary>
/// <param name="Body">The request's body.</param>
/// <param name="Number">How many were asked before.</param>
public sealed record ScriptedQuestion(JsonObject Body, int Number)
{
    /// <summary>The evidence.</summary>
    public JsonObject Evidence => JsonNode.Parse((string)Body["messages"]!.AsArray()[^1]!["content"]!)!.AsObject();

    /// <summary>"Kind/name" of the object that the analyser found.</summary>
    public string Found => $"{Evidence["finding"]!["kind"]}/{Evidence["finding"]!["name"]}";

    /// <summary>Whether this is the first phase.</summary>
    public bool IsLocating => Tools.Any(tool => (string?)tool["name"] == "locate");

    /// <summary>The tools offered.</summary>
    public IReadOnlyList<JsonNode> Tools => [.. Body["tools"]!.AsArray().Select(tool => tool!["function"]!)];

    /// <summary>Whether a tool is offered for an object.</summary>
    public bool Offers(string tool, string key) => Targets(tool).Contains(key);

    /// <summary>Objects that a tool is offered for.</summary>
    public IReadOnlyList<string> Targets(string tool) =>
        [.. (Tools.FirstOrDefault(one => (string?)one["name"] == tool)?["parameters"]?["properties"]?["object"]?["enum"] as JsonArray ?? []).Select(value => (string)value!)];

    /// <summary>The value that a field of an object had when it was well, or null.</summary>
    public string? Before(string key, string field) =>
        (string?)Evidence["changedSinceLastWell"]!.AsArray().FirstOrDefault(one => (string?)one!["object"] == key && (string?)one["field"] == field)?["before"];
}

/// <summary>An answer on the wire.</summary>
/// <param name="Body">The body.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Never">Whether it never comes.</param>
public sealed record ScriptedAnswer(string Body, int Status = 200, bool Never = false)
{
    /// <summary>Tool calls as the API writes them.</summary>
    public static ScriptedAnswer Calls(params IEnumerable<(string Tool, string Arguments)> calls) => Chat(
        new() { ["role"] = "assistant", ["content"] = null, ["tool_calls"] = new JsonArray([.. calls.Select((call, i) => (JsonNode)new JsonObject
        {
            ["id"] = $"call_{i}", ["type"] = "function", ["function"] = new JsonObject { ["name"] = call.Tool, ["arguments"] = call.Arguments },
        })]) },
        "tool_calls");

    /// <summary>Words.</summary>
    public static ScriptedAnswer Text(string text) => Chat(new() { ["role"] = "assistant", ["content"] = text }, "stop");

    /// <summary>Arguments as JSON.</summary>
    public static string Arguments(params IEnumerable<(string Name, string Value)> pairs) =>
        new JsonObject(pairs.Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)pair.Value))).ToJsonString();

    private static ScriptedAnswer Chat(JsonObject message, string reason) => new(new JsonObject
    {
        ["id"] = "chatcmpl-simulated", ["object"] = "chat.completion", ["created"] = 0, ["model"] = "simulated",
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["finish_reason"] = reason, ["message"] = message }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 900, ["completion_tokens"] = 40, ["total_tokens"] = 940 },
    }.ToJsonString());
}
