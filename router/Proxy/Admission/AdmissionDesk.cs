using Ops.Picking;

namespace Ops.Router;

/// <summary>
/// Lets requests in: within their caller's limits, by their priority, through the route's gate. One call before the
/// choice, one at the request's end. Where there is room, and for callers without limits, neither locks nor allocates.
/// </summary>
internal sealed class AdmissionDesk(CallerMeters meters, AdmissionMetrics metrics, ProgramTable programs, TimeProvider time)
{
    /// <summary>Names a priority, as the Gateway API inference extension names an InferenceObjective.</summary>
    internal const string PriorityHeader = "x-gateway-inference-objective";

    /// <summary>Names the program that a request is a part of, for example one run of an agent.</summary>
    internal const string ProgramHeader = "x-ops-program";

    /// <summary>Lets a request in, perhaps after waiting. Pair with <see cref="Leave"/>, whatever it returned.</summary>
    /// <returns>Null, or why the request is not let in.</returns>
    internal ValueTask<OpenAiError?> EnterAsync(Exchange exchange)
    {
        var (route, caller) = (exchange.Route, exchange.Caller);
        if (Read(exchange, out var priority) is { } invalid)
            return new(invalid);
        if (Charge(exchange) is { } exceeded)
            return new(exceeded);
        var gate = route.Gate;
        var shed = gate.Shed(priority);
        if (shed.Reason != RefusalReason.None)
            return new(Refuse(exchange, AdmissionErrors.Of(route, priority, shed)));
        var tenant = gate.TenantOf(caller.Tenant, caller.Limits.Weight, time.NowMs());
        if (!gate.TryEnter(tenant))
            return WaitAsync(exchange, tenant, priority);
        exchange.Ticket.Tenant = tenant;
        return default;
    }

    /// <summary>Gives back what the request held, and counts what it used.</summary>
    internal void Leave(Exchange exchange)
    {
        ref var ticket = ref exchange.Ticket;
        var (prompt, output) = Used(exchange);
        ticket.Meter?.Settle(prompt + output - ticket.Taken);
        if (ticket.Tenant is not { } tenant)
            return;
        var cost = ServiceCost.Of(prompt, output);
        exchange.Route.Gate.Leave(tenant, ticket.Waited, cost);
        if (ticket.Program is { } program && cost > 0)
            programs.Add(exchange.Caller.Tenant, program, ServiceCost.Length(prompt, output));
    }

    // A request that never got in, or that failed before its first byte, got nothing and pays nothing. One whose client
    // left pays for its prompt: else cancelling would be a way to use the fleet for free.
    private static (long Prompt, long Output) Used(Exchange exchange)
    {
        var observer = exchange.Observer;
        if (exchange.Ticket.Tenant is null || (observer.Bytes == 0 && exchange.Entry.Outcome is Outcomes.Failed or Outcomes.Rejected))
            return (0, 0);
        return (observer.ReportedPromptTokens ?? exchange.Parsed.EstimatedPromptTokens, observer.CompletionTokens ?? 0);
    }

    private static OpenAiError? Read(Exchange exchange, out PriorityLevel priority)
    {
        var headers = exchange.Context.Request.Headers;
        if (exchange.Route.Config.Admission.PriorityOf(headers[PriorityHeader], exchange.Caller.Limits.Priority, out priority) is { } error)
            return error;
        string? program = headers[ProgramHeader];
        if (program?.Length > ProgramTable.MaxIdLength)
            return new OpenAiError(400, "invalid_program_id", $"The header {ProgramHeader} has {program.Length} characters; at most {ProgramTable.MaxIdLength} are taken. Send a shorter id.");
        exchange.Ticket.Program = string.IsNullOrEmpty(program) ? null : program;
        return null;
    }

    private OpenAiError? Charge(Exchange exchange)
    {
        var caller = exchange.Caller;
        if (meters.Of(caller) is not { } meter)
            return null;
        var (parsed, response) = (exchange.Parsed, exchange.Context.Response);
        response.OnStarting(static state =>
        {
            var (asked, used, answer) = ((Caller, CallerMeter, HttpResponse))state;
            used.Describe(asked.Limits, answer.Headers);
            return Task.CompletedTask;
        }, (caller, meter, response));
        var tokens = parsed.EstimatedPromptTokens + (long)exchange.ExpectedOutputTokens;
        if (meter.Take(caller.Limits, caller.Id, tokens) is { } error)
            return error;
        (exchange.Ticket.Meter, exchange.Ticket.Taken) = (meter, tokens);
        return null;
    }

    private async ValueTask<OpenAiError?> WaitAsync(Exchange exchange, TenantShare tenant, PriorityLevel priority)
    {
        var route = exchange.Route;
        var waiter = Waiter(exchange, tenant, priority);
        var refusal = route.Gate.Wait(waiter, time.NowMs());
        if (refusal.Reason != RefusalReason.None)
            return Refuse(exchange, AdmissionErrors.Of(route, priority, refusal));

        WaitEnd end;
        using (exchange.Context.RequestAborted.UnsafeRegister(static state => ((QueuedRequest)state!).Abandon(), waiter))
            end = await waiter.Ended;
        if (end != WaitEnd.Started)
            return Refuse(exchange, AdmissionErrors.Of(route, end, route.Gate.RetryAfter(waiter)));
        (exchange.Ticket.Tenant, exchange.Ticket.Waited) = (tenant, waiter);
        var waited = time.GetElapsedTime(exchange.StartedAt);
        exchange.Entry.QueuedMilliseconds = waited.TotalMilliseconds;
        metrics.Waited(route.Label, waited.TotalSeconds);
        return null;
    }

    private QueuedRequest Waiter(Exchange exchange, TenantShare tenant, PriorityLevel priority)
    {
        var (route, parsed) = (exchange.Route, exchange.Parsed);
        var (snapshot, objective) = (route.Snapshot, route.Config.Objective);
        var arrived = time.ToMs(exchange.StartedAt);
        var output = exchange.ExpectedOutputTokens;
        var patience = objective.HardDeadline - RouteExpectation.SoonestFirstToken(snapshot, parsed.EstimatedPromptTokens, time.NowMs());
        return new QueuedRequest(route.Gate)
        {
            Tenant = tenant,
            Priority = priority,
            ArrivedAtMs = arrived,
            GivesUpAtMs = arrived + (long)(patience * 1000),
            Cost = ServiceCost.Of(parsed.EstimatedPromptTokens, output),
            Length = ServiceCost.Length(parsed.EstimatedPromptTokens, output),
            ProgramLength = exchange.Ticket.Program is { } program ? programs.ServiceOf(exchange.Caller.Tenant, program) : 0,
            LossPerSecond = ReadingQuality.LossPerSecond(parsed.Stream, objective.TimePerOutputToken, output),
            Bytes = exchange.Body.Length,
        };
    }

    private OpenAiError Refuse(Exchange exchange, OpenAiError error)
    {
        metrics.Refused(exchange.Route.Label, error.Code);
        exchange.Entry.Outcome = Outcomes.Rejected;
        return error;
    }
}
