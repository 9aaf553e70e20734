namespace Ops.Router;

/// <summary>
/// A second sending of a request whose answer is slow to begin, to another replica of the same pool. Whoever begins to
/// answer first wins, and the other is cancelled. Only for routes that ask for it: a model may compute twice.
/// </summary>
/// <remarks>
/// An answer begins with its head, a stream with its first event: engines send a stream's head before they have begun
/// to read the prompt. Nothing has reached the client by then, so nothing is hedged after the first byte.
/// The second sending is one more request of its tenant at the gate, from its sending to the winner's beginning, and is
/// left out where the gate has no room for it: a full fleet answers late because it is full, and twice the work is no cure.
/// </remarks>
internal sealed class Hedge(Exchange exchange, LiveVariant variant, TimeSpan after, RouterMetrics metrics, TimeProvider time)
{
    /// <summary>Sends a request, and perhaps once more.</summary>
    /// <param name="attempt">The attempt; it is the winner's afterwards.</param>
    /// <param name="request">The request to the first replica.</param>
    /// <param name="send">Sends one request.</param>
    internal async Task<HttpResponseMessage> SendAsync(UpstreamAttempt attempt, HttpRequestMessage request, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send)
    {
        using var firstLoses = CancellationTokenSource.CreateLinkedTokenSource(attempt.Timer.Token);
        var first = AnswerBeginning.SendAsync(send, request, firstLoses.Token);
        await OverdueAsync(first, firstLoses.Token);
        if (first.IsCompleted || Second(attempt.Replica) is not { } replica)
            return await first;

        using var secondLoses = CancellationTokenSource.CreateLinkedTokenSource(attempt.Timer.Token);
        using var body = new SplicedContent(exchange.Body.Memory, exchange.Parsed.ModelToken, variant.ModelJson);
        using var copy = Copy(request, attempt, replica, body);
        replica.Load.Enter();
        var second = AnswerBeginning.SendAsync(send, copy, secondLoses.Token);
        var secondWins = await IsWinnerAsync(second, first);
        LeaveGate();
        await (secondWins ? firstLoses : secondLoses).CancelAsync();
        // Whether it won or lost, some of it may still be on its way.
        if (!body.Close())
            exchange.Body.Abandon();
        Forget(secondWins ? first : second);
        Settle(attempt, replica, secondWins);
        return await (secondWins ? second : first);
    }

    private async Task OverdueAsync(Task first, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(first, Task.Delay(after, time, enough.Token));
        await enough.CancelAsync();
    }

    // The sound one with the fewest requests and no queue. Null when there is none, the client is gone, the gate has no
    // room or the route's retries are spent; else a place at the gate is taken.
    private Replica? Second(Replica first)
    {
        if (exchange.Context.RequestAborted.IsCancellationRequested)
            return null;
        var (now, route) = (time.NowMs(), exchange.Route);
        var other = variant.Replicas.Where(r => r != first && !r.Load.IsSuspect(now) && !Queues(r, now)).MinBy(r => r.ToState(null).Outstanding(now));
        if (other is null || !route.Gate.TryEnter(exchange.Ticket.Tenant!))
            return null;
        if (route.Memory.Retries.TrySpend(now, route.Config.RetryPercent))
            return other;
        LeaveGate();
        metrics.RetryDenied(route.Label);
        return null;
    }

    private static bool Queues(Replica replica, long nowMs) => replica.ToState(null) is { Waiting: > 0 } state && state.IsFresh(nowMs);

    // The request's own leaving pays for what it used.
    private void LeaveGate() => exchange.Route.Gate.Leave(exchange.Ticket.Tenant!, started: null, cost: 0);

    private static HttpRequestMessage Copy(HttpRequestMessage request, UpstreamAttempt attempt, Replica replica, SplicedContent body)
    {
        var protocol = replica.Protocol.Forwarding();
        var copy = new HttpRequestMessage(request.Method, replica.Url + request.RequestUri!.PathAndQuery) { Version = protocol.Version!, VersionPolicy = protocol.VersionPolicy!.Value, Content = body };
        foreach (var (name, values) in request.Headers.NonValidated)
            copy.Headers.TryAddWithoutValidation(name, values);
        foreach (var (name, values) in request.Content!.Headers.NonValidated)
            body.Headers.TryAddWithoutValidation(name, values);
        copy.Headers.Host = replica.TlsName;
        copy.Options.Set(UpstreamAttempt.OptionsKey, attempt);
        return copy;
    }

    // The first good beginning of an answer wins. Where both are bad, the first request's end tells what is wrong.
    private static async Task<bool> IsWinnerAsync(Task<HttpResponseMessage> second, Task<HttpResponseMessage> first)
    {
        var earlier = await Task.WhenAny(first, second);
        if (IsGood(earlier))
            return earlier == second;
        var later = earlier == first ? second : first;
        await Task.WhenAny(later);
        return later == second && IsGood(second);
    }

    private static bool IsGood(Task<HttpResponseMessage> task) => task.IsCompletedSuccessfully && (int)task.Result.StatusCode is < 500 and not 429;

    private void Settle(UpstreamAttempt attempt, Replica second, bool secondWins)
    {
        metrics.Hedged(exchange.Route.Label, secondWins);
        (secondWins ? attempt.Replica : second).Load.Leave();
        if (!secondWins)
            return;
        attempt.Replica = second;
        exchange.Entry.Replica = second.Name;
    }

    private static void Forget(Task<HttpResponseMessage> loser) => _ = loser.ContinueWith(
        static task =>
        {
            if (task.IsCompletedSuccessfully)
                task.Result.Dispose();
            else
                _ = task.Exception;
        },
        CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
