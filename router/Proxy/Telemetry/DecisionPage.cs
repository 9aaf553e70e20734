using System.Text.Json;
using Ops.Picking;

namespace Ops.Router;

/// <summary>Recent choices of one route as JSON: /decisions?route=namespace/name.</summary>
internal static class DecisionPage
{
    /// <summary>Answers; 404 for a route that is not there.</summary>
    internal static async Task WriteAsync(HttpContext context, LiveTable table)
    {
        var name = context.Request.Query["route"].ToString();
        var route = table.Routes.FirstOrDefault(one => one.Label == name);
        if (route is null)
        {
            await new OpenAiError(404, "unknown_route", "There is no such route here. Ask with ?route=namespace/name.").WriteAsync(context);
            return;
        }

        context.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteStartArray("decisions");
        foreach (var decision in route.Memory.Decisions.Read())
            Write(writer, decision);
        writer.WriteEndArray();
        writer.WriteEndObject();
        await writer.FlushAsync(context.RequestAborted);
    }

    private static void Write(Utf8JsonWriter writer, Decision decision)
    {
        writer.WriteStartObject();
        writer.WriteString("at", decision.At);
        writer.WriteString("policy", decision.Policy);
        writer.WriteString("task", decision.Task);
        writer.WriteNumber("promptTokens", decision.PromptTokens);
        if (decision.MaxTokens is { } most)
            writer.WriteNumber("maxTokens", most);
        writer.WriteNumber("expectedTokens", decision.ExpectedTokens);
        writer.WriteBoolean("stream", decision.Stream);
        writer.WriteNumber("attempt", decision.Attempt);
        writer.WriteString("outcome", decision.Outcome);
        if (decision.Chosen is not null)
            writer.WriteString("chosen", decision.Chosen);
        Figure(writer, "load", decision.Why.Load);
        writer.WriteString("scoreName", decision.Why.ScoreName);
        writer.WriteStartArray("variants");
        foreach (var variant in decision.Why.Variants)
            Write(writer, variant);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, in ExplainedVariant variant)
    {
        var outlook = variant.Outlook;
        writer.WriteStartObject();
        writer.WriteString("pool", variant.Pool);
        writer.WriteBoolean("open", outlook.Open);
        if (variant.Score is { } score)
            Figure(writer, "score", score);
        if (outlook.Replica >= 0)
        {
            writer.WriteNumber("outstanding", outlook.Outstanding);
            writer.WriteNumber("queued", outlook.Queued);
            writer.WriteNumber("cachedTokens", outlook.CachedTokens);
            Figure(writer, "firstToken", outlook.TimeToFirstToken);
            Figure(writer, "perToken", outlook.TimePerOutputToken);
            Figure(writer, "completion", outlook.Completion);
            Figure(writer, "joules", outlook.MarginalJoules);
        }

        writer.WriteEndObject();
    }

    // JSON has no infinity; what is not known is not written.
    private static void Figure(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value))
            writer.WriteNumber(name, Math.Round(value, 6));
    }
}
