namespace Ops.Planning.Fleet;

/// <summary>
/// Forecast of a rate that has a daily rhythm: Holt-Winters smoothing with a multiplicative season and no trend, and an upper
/// end from the errors that the same forecast made lately. Mutable and bounded: 96 + 240 + one horizon of numbers.
/// </summary>
/// <remarks>
/// level = a y / s + (1 - a) level and s = g y / level + (1 - g) s, for the quarter of an hour of the day (Winters, 1960).
/// On the first day every s is 1, so the forecast is the smoothed present. The upper end is the .95 quantile of
/// (seen - forecast) / level over the last four hours of minutes.
/// </remarks>
public sealed class DemandForecast
{
    /// <summary>One step.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private const int Slots = 96;
    private const int Errors = 240;
    private const int EnoughErrors = 20;
    private const double LevelWeight = 0.3;
    private const double SeasonWeight = 0.05;
    private const double Quantile = 0.95;
    private const double Nothing = 1e-6;

    private readonly double[] season = [.. Enumerable.Repeat(1d, Slots)];
    private readonly Queue<double> errors = new();
    private readonly Queue<(long Step, double Forecast)> pending = new();
    private readonly int stepsAhead;
    private long current = long.MinValue;
    private double sum;
    private int count;
    private double latest;
    private double? level;

    /// <summary>Creates a forecast.</summary>
    /// <param name="horizon">How far ahead it has to look: until a replica that is started now would be ready. At most 1 hour.</param>
    public DemandForecast(TimeSpan horizon) =>
        stepsAhead = (int)Math.Clamp(Math.Ceiling(horizon / Step), 1, 60);

    /// <summary>Takes a measurement; several in one step are averaged.</summary>
    /// <param name="now">Not before the last one's.</param>
    /// <param name="requestsPerSecond">The measured rate.</param>
    public void Observe(DateTimeOffset now, double requestsPerSecond)
    {
        var step = now.UtcTicks / Step.Ticks;
        if (step != current && count > 0)
            Close();
        current = step;
        sum += requestsPerSecond;
        count++;
        latest = requestsPerSecond;
    }

    /// <summary>What is expected from now to the horizon. Nothing measured gives zero.</summary>
    public DemandOutlook Outlook()
    {
        if (count == 0)
            return default;
        var basis = level ?? sum / count;
        var expected = Mean(basis);
        var upper = expected + (basis * ErrorQuantile());
        // Never below what is asked right now: a jump is followed at once, whatever the smoothing says.
        return new(Math.Max(expected, 0), Math.Max(Math.Max(upper, expected), latest));
    }

    private void Close()
    {
        var rate = sum / count;
        (sum, count) = (0, 0);
        while (pending.TryPeek(out var made) && made.Step <= current)
        {
            pending.Dequeue();
            if (made.Step == current && level is { } scale and > Nothing)
                Keep((rate - made.Forecast) / scale);
        }

        Learn(rate);
        pending.Enqueue((current + stepsAhead, Mean(level!.Value)));
    }

    private void Learn(double rate)
    {
        var slot = Slot(current);
        if (level is not { } before)
        {
            level = rate;
            return;
        }

        var next = (LevelWeight * rate / season[slot]) + ((1 - LevelWeight) * before);
        if (next > Nothing)
            season[slot] = Math.Clamp((SeasonWeight * rate / next) + ((1 - SeasonWeight) * season[slot]), 0.05, 20);
        level = next;
    }

    private void Keep(double error)
    {
        errors.Enqueue(error);
        if (errors.Count > Errors)
            errors.Dequeue();
    }

    // Without enough errors of its own the forecast is doubted by half.
    private double ErrorQuantile()
    {
        if (errors.Count < EnoughErrors)
            return 0.5;
        var sorted = errors.Order().ToArray();
        return sorted[(int)(Quantile * (sorted.Length - 1))];
    }

    private double Mean(double basis)
    {
        double total = 0;
        for (var ahead = 1; ahead <= stepsAhead; ahead++)
            total += basis * season[Slot(current + ahead)];
        return total / stepsAhead;
    }

    private static int Slot(long step) => (int)(step % 1440 / 15);
}
