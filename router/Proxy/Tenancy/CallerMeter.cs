namespace Ops.Router;

/// <summary>
/// What one caller has used of its limits, in this router. Outlives configurations, so that a change of any Secret is no
/// fresh allowance. One short lock for each caller that has limits; callers without any never come here.
/// </summary>
/// <remarks>
/// Tokens are taken in advance: the prompt's estimate and the expected answer, at most what the request allows. The end
/// of the request settles the difference, so a bucket can fall below zero by what was expected too little of the
/// requests that run at once.
/// </remarks>
internal sealed class CallerMeter(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TokenBucket _requests;
    private TokenBucket _tokens;
    private PeriodBudget _day;
    private PeriodBudget _month;
    private long _usedAtMs;

    /// <summary>When it was used last, in milliseconds.</summary>
    internal long UsedAtMs => Volatile.Read(ref _usedAtMs);

    /// <summary>Takes a request and its expected tokens, or says which limit does not allow it.</summary>
    internal OpenAiError? Take(CallerLimits limits, string caller, long tokens)
    {
        var now = time.NowMs();
        lock (_lock)
        {
            _usedAtMs = now;
            Advance(limits, now);
            if (Budget(limits, caller) is { } spent)
                return spent;
            if (limits.TokensPerMinute is { } most && tokens > most)
                return new OpenAiError(429, "request_too_large", $"This request needs about {tokens} tokens, more than the {most} tokens a minute of API key '{caller}'. Send a shorter prompt or a smaller max_tokens; waiting does not help.");
            if (limits.RequestsPerMinute is { } requests && !_requests.Has(1))
                return Exceeded(caller, "requests", requests, 1, _requests.SecondsUntil(1, requests));
            if (limits.TokensPerMinute is { } perMinute && !_tokens.Has(tokens))
                return Exceeded(caller, "tokens", perMinute, tokens, _tokens.SecondsUntil(tokens, perMinute));
            _requests.Take(1);
            Add(tokens);
            return null;
        }
    }

    /// <summary>Corrects what was taken by what was used.</summary>
    /// <param name="difference">Used minus taken; negative gives back.</param>
    internal void Settle(long difference)
    {
        lock (_lock)
            Add(difference);
    }

    /// <summary>Says in OpenAI's headers what is left.</summary>
    internal void Describe(CallerLimits limits, IHeaderDictionary headers)
    {
        lock (_lock)
        {
            Advance(limits, time.NowMs());
            if (limits.RequestsPerMinute is { } requests)
                Describe(headers, "requests", requests, _requests);
            if (limits.TokensPerMinute is { } tokens)
                Describe(headers, "tokens", tokens, _tokens);
        }
    }

    /// <summary>Tokens used of this day and month.</summary>
    internal (long Day, long Month) Used()
    {
        lock (_lock)
        {
            Turn(time.GetUtcNow().UtcDateTime.Date);
            return (_day.Used, _month.Used);
        }
    }

    /// <summary>Goes on with what another process saw used on a day and in its month.</summary>
    internal void Restore(DateTime day, long usedOnDay, long usedInMonth)
    {
        lock (_lock)
        {
            _day.Restore(day, usedOnDay);
            _month.Restore(MonthOf(day), usedInMonth);
        }
    }

    private static void Describe(IHeaderDictionary headers, string unit, int perMinute, in TokenBucket bucket)
    {
        headers["x-ratelimit-limit-" + unit] = Text(perMinute);
        headers["x-ratelimit-remaining-" + unit] = Text(bucket.Remaining);
        // 6m0s, 1.2s, 0s: when the bucket is full again, as OpenAI writes it.
        headers["x-ratelimit-reset-" + unit] = Span(bucket.SecondsUntil(perMinute, perMinute));
    }

    private void Advance(CallerLimits limits, long now)
    {
        _requests.Fill(limits.RequestsPerMinute ?? 0, now);
        _tokens.Fill(limits.TokensPerMinute ?? 0, now);
        Turn(time.GetUtcNow().UtcDateTime.Date);
    }

    private void Turn(DateTime today)
    {
        _day.Turn(today);
        _month.Turn(MonthOf(today));
    }

    private static DateTime MonthOf(DateTime day) => new(day.Year, day.Month, 1, 0, 0, 0, DateTimeKind.Utc);

    private void Add(long tokens)
    {
        _tokens.Take(tokens);
        _day.Add(tokens);
        _month.Add(tokens);
    }

    private OpenAiError? Budget(CallerLimits limits, string caller)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (limits.TokensPerMonth is { } month && _month.Used >= month)
            return Spent(caller, "month", month, MonthOf(now).AddMonths(1) - now);
        return limits.TokensPerDay is { } day && _day.Used >= day ? Spent(caller, "day", day, now.Date.AddDays(1) - now) : null;
    }

    private static OpenAiError Spent(string caller, string period, long limit, TimeSpan left) => new(
        429, "insufficient_quota", $"API key '{caller}' has used its {limit} tokens of this {period} (UTC). The next {period} begins in {Span(left.TotalSeconds)}; a larger budget is for who runs this endpoint to give.", RetryAfterSeconds: Seconds(left.TotalSeconds));

    private static OpenAiError Exceeded(string caller, string unit, int limit, long wanted, double seconds) => new(
        429, "rate_limit_exceeded", $"API key '{caller}' is limited to {limit} {unit} a minute and this request needs {wanted}. Try again in {Span(seconds)}.", RetryAfterSeconds: Seconds(seconds));

    private static int Seconds(double seconds) => (int)Math.Clamp(Math.Ceiling(seconds), 1, int.MaxValue);

    private static string Span(double seconds)
    {
        if (seconds < 60)
            return Text(Math.Round(seconds, 2)) + "s";
        var whole = (long)Math.Ceiling(seconds);
        return whole < 3600 ? $"{whole / 60}m{whole % 60}s" : $"{whole / 3600}h{whole / 60 % 60}m{whole % 60}s";
    }

    private static string Text(IFormattable value) => value.ToString(null, System.Globalization.CultureInfo.InvariantCulture);
}
