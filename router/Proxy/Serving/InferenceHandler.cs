using System.Text;
using Ops.Picking;

namespace Ops.Router;

/// <summary>Serves what a model computes (see <see cref="Operation"/>): read, find the route, let in, choose, attempt, try again.</summary>
internal sealed class InferenceHandler(ModelFleet fleet, HoldingRoom holding, IOutputLengthEstimator lengths, AdmissionDesk admission, ReplicaChoice choice, AttemptRunner attempts, Accounting accounting, RouterOptions options, BodyBudget budget, TimeProvider time)
{
    /// <summary>Answers one authenticated request.</summary>
    /// <returns>The error that the client got instead of an answer, or null.</returns>
    internal async Task<OpenAiError?> HandleAsync(HttpContext context, Operation operation, LiveTable table, AccessEntry entry, long startedAt)
    {
        if (context.Request.Headers.ContentEncoding.Count > 0)
            return new OpenAiError(415, "unsupported_content_encoding", "Compressed request bodies are not accepted. Send the JSON as it is, without Content-Encoding.");

        var (body, error) = await RequestBody.ReadAsync(context.Request, options.MaxBodyBytes, budget, context.RequestAborted);
        if (body is null)
            return error;
        using (body)
        {
            entry.BodyBytes = body.Length;
            error = RequestParser.Parse(body.Span, operation, out var parsed);
            if (error is not null)
                return error;
            try
            {
                var route = Find(table, entry.Caller!, body, parsed);
                if (route is null)
                    return NotFound(ModelName(body, parsed));
                entry.Route = route.Label;
                entry.Stream = parsed.Stream;
                entry.PromptTokens = parsed.EstimatedPromptTokens;
                return await TraceAsync(new Exchange(context, operation, route, body, parsed, entry, startedAt) { Span = Tracing.StartInference(operation, route.Config.Model, parsed) });
            }
            finally
            {
                parsed.Prompt.Release();
            }
        }
    }

    private async Task<OpenAiError?> TraceAsync(Exchange exchange)
    {
        try
        {
            return await ServeAsync(exchange);
        }
        finally
        {
            Tracing.EndInference(exchange.Span, exchange);
        }
    }

    private async Task<OpenAiError?> ServeAsync(Exchange exchange)
    {
        var route = exchange.Route;
        if (route.Config.Suspended)
            return accounting.Rejected(exchange, new OpenAiError(503, "route_suspended", $"ModelRoute {route.Label} is suspended. Set its spec.suspend to false to serve it again.", "model", 30));
        accounting.Arrived(exchange);
        // Before the queue, whose order is one of requests that a replica could take.
        if (!route.HasReplica && !await holding.WaitAsync(exchange, exchange.Context.RequestAborted))
            return accounting.Rejected(exchange, ReplicaChoice.NoReplica(exchange.Route));
        exchange.ExpectedOutputTokens = lengths.Predict(exchange.Length);
        try
        {
            if (await admission.EnterAsync(exchange) is { } refused)
                return Refused(exchange, refused);
            // Who waited chooses among the replicas that are there now.
            if (exchange.Ticket.Waited is not null && fleet.Current.Find(route.Config.Model, exchange.Caller) is { } newest && newest.Gate == exchange.Route.Gate)
                exchange.Route = newest;
            return await AttemptsAsync(exchange);
        }
        finally
        {
            admission.Leave(exchange);
        }
    }

    private async Task<OpenAiError?> AttemptsAsync(Exchange exchange)
    {
        var route = exchange.Route;
        route.Memory.Retries.Earn(time.NowMs());
        var tried = default(TriedReplicas);
        for (var attempt = 1; ; attempt++)
        {
            var chosen = choice.Choose(exchange, tried);
            if (chosen.Kind != ChoiceKind.Chosen)
                return accounting.Rejected(exchange, ReplicaChoice.Rejection(route, chosen));

            var variant = route.Variants[chosen.Variant];
            var replica = variant.Replicas[chosen.Replica];
            tried.Add(replica.Load);
            exchange.Entry.Attempts = attempt;
            exchange.Entry.Variant = variant.Config.Pool;
            exchange.Entry.Replica = replica.Name;
            var (retry, error) = await attempts.RunAsync(exchange, variant, replica, isLast: attempt >= route.Config.Attempts);
            if (!retry)
                return error;
        }
    }

    // A key's own limit says nothing about the route.
    private OpenAiError Refused(Exchange exchange, OpenAiError error) => exchange.Entry.Outcome == Outcomes.Rejected ? accounting.Rejected(exchange, error) : error;

    private static LiveRoute? Find(LiveTable table, Caller caller, RequestBody body, in ParsedRequest parsed) => parsed.EscapedModel is { } name
        ? table.Find(name, caller)
        : table.Find(body.Span[parsed.ModelToken][1..^1], caller);

    private static string ModelName(RequestBody body, in ParsedRequest parsed)
    {
        var name = parsed.EscapedModel ?? Encoding.UTF8.GetString(body.Span[parsed.ModelToken][1..^1]);
        return name.Length <= 100 ? name : string.Concat(name.AsSpan(0, 100), "...");
    }

    private static OpenAiError NotFound(string model) => new(
        404,
        "model_not_found",
        $"The model '{model}' does not exist here. GET /v1/models lists the models; a ModelRoute with spec.model '{model}' adds it.",
        "model");
}
