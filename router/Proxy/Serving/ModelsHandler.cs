using System.Buffers;
using System.Text.Json;

namespace Ops.Router;

/// <summary>Serves /v1/models and /v1/models/{id} in OpenAI's shape. The models are the routes' names; pools stay inside.</summary>
internal static class ModelsHandler
{
    internal static async Task<OpenAiError?> ListAsync(HttpContext context, LiveTable table, Caller caller)
    {
        await WriteAsync(context, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("object", "list");
            writer.WriteStartArray("data");
            foreach (var route in table.Routes.Where(r => !r.Config.Suspended && caller.MayUse(r.Config.Model)).OrderBy(r => r.Config.Model, StringComparer.Ordinal))
                Write(writer, route);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        return null;
    }

    internal static async Task<OpenAiError?> GetAsync(HttpContext context, LiveTable table, Caller caller, string model)
    {
        if (table.Find(model, caller) is not { Config.Suspended: false } route)
            return new OpenAiError(404, "model_not_found", $"The model '{(model.Length <= 100 ? model : model[..100])}' does not exist here. GET /v1/models lists the models.", "model");
        await WriteAsync(context, writer => Write(writer, route));
        return null;
    }

    private static void Write(Utf8JsonWriter writer, LiveRoute route)
    {
        writer.WriteStartObject();
        writer.WriteString("id", route.Config.Model);
        writer.WriteString("object", "model");
        writer.WriteNumber("created", route.Config.CreatedAt);
        writer.WriteString("owned_by", "ops");
        writer.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            write(writer);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
