using System.Text.Json;
using Ops.Sandbox.Shop.Faults;
using Ops.Sandbox.Shop.Running;
using Ops.Sandbox.Shop.Telemetry;

namespace Ops.Sandbox.Shop.Http;

/// <summary>Every path of a process, in one list.</summary>
/// <param name="service">The service; null in the load generator.</param>
/// <param name="faults">Null where faults are not accepted: /chaos does not exist there.</param>
/// <param name="startUp">Whether it is ready for requests.</param>
/// <param name="metrics">What it says about itself.</param>
/// <param name="time">The clock.</param>
internal sealed class Endpoints(Service? service, FaultSwitch? faults, StartUp startUp, ShopMetrics metrics, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // Callers name themselves; only names of the shop become label values.
    private static readonly HashSet<string> Known = [.. ShopPlan.Shop.Services.Select(one => one.Name), ShopPlan.Shop.Load];

    public Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        return (context.Request.Method, path) switch
        {
            ("GET", "/healthz") => TextAsync(context, 200, "ok\n"),
            ("GET", "/readyz") => startUp.Missing is { } missing ? TextAsync(context, 503, missing + "\n") : TextAsync(context, 200, "ok\n"),
            ("GET", "/metrics") => MetricsAsync(context),
            ("GET" or "POST", _) when service is not null && path.StartsWith("/do/", StringComparison.Ordinal) => DoAsync(context, service, path[4..]),
            ("GET", "/chaos") when faults is not null => ListFaultsAsync(context, faults),
            ("POST", "/chaos") when faults is not null => StartFaultAsync(context, faults),
            ("DELETE", "/chaos") when faults is not null => StopFaultsAsync(context, faults),
            _ => TextAsync(context, 404, $"There is no {context.Request.Method} {path} here.\n"),
        };
    }

    private async Task DoAsync(HttpContext context, Service running, string name)
    {
        if (running.Find(name) is not { } operation)
        {
            await TextAsync(context, 404, $"{running.Name} offers {string.Join(", ", running.Plan.Operations.Select(one => one.Name))}, not {name}.\n");
            return;
        }

        var start = time.GetTimestamp();
        var (status, text) = await AnswerAsync(running, operation);
        var caller = context.Request.Headers[Callee.CallerHeader].ToString();
        metrics.Answered(Known.Contains(caller) ? caller : "unknown", status, time.GetElapsedTime(start));
        await TextAsync(context, status, text);
    }

    private static async Task<(int Status, string Text)> AnswerAsync(Service running, ShopPlan.Operation operation)
    {
        try
        {
            // A caller that has gone away changes nothing: the work goes on, as in most servers.
            return await running.TryRunAsync(operation) ? (200, "ok\n") : (503, "Too many requests are waiting.\n");
        }
        catch (CallFailedException e)
        {
            return (e.Status, e.Message + "\n");
        }
    }

    private async Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await metrics.Registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task ListFaultsAsync(HttpContext context, FaultSwitch faults) =>
        await JsonAsync(context, await faults.ActiveAsync());

    private static async Task StartFaultAsync(HttpContext context, FaultSwitch faults)
    {
        FaultOrder? order;
        try
        {
            order = await JsonSerializer.DeserializeAsync<FaultOrder>(context.Request.Body, Json, context.RequestAborted);
        }
        catch (JsonException e)
        {
            await TextAsync(context, 400, $"The body must be an object with fault, strength, rampSeconds and forSeconds: {e.Message}\n");
            return;
        }

        if (order?.Fault is null || order.Problem is not null)
            await TextAsync(context, 400, (order?.Problem ?? "fault is required.") + "\n");
        else if (!await faults.StartAsync(order))
            await TextAsync(context, 400, $"There is no fault {order.Fault} for this service; known are {string.Join(", ", ShopPlan.Faults.All.Select(one => one.Name))}.\n");
        else
            await JsonAsync(context, await faults.ActiveAsync());
    }

    private static async Task StopFaultsAsync(HttpContext context, FaultSwitch faults) =>
        await JsonAsync(context, new { stopped = await faults.StopAsync() });

    private static Task JsonAsync<T>(HttpContext context, T value) => context.Response.WriteAsJsonAsync(value, Json, context.RequestAborted);

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
