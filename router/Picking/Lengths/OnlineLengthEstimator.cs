namespace Ops.Picking;

/// <summary>
/// Learns the logarithm of the output length from finished requests: recent means by who asks, what for and how long the
/// prompt is, weighed against each other by a regression. The order of its predictions is what a queue needs; their
/// mean is what an estimate of completion needs.
/// </summary>
/// <remarks>
/// x = 1, ln prompt, (ln prompt)^2, has a limit, ln limit, streams, and for each of the keys route x prompt length (in steps
/// of half and of an eighth of an octave), route, route x tenant, template, session:
/// n / (n + 4) x (mean of the key - mean of all), so that a key with few observations says little
/// expected tokens = min(limit, smear x exp(w'x)): the exponential of a mean logarithm is below the mean, by a factor that
/// depends on the spread; smear is the recent ratio of true to predicted lengths (Duan's smearing estimate, 1983, as a ratio)
/// About 520 KB; a prediction reads 6 slots and 12 weights, takes no lock and allocates nothing.
/// </remarks>
public sealed class OnlineLengthEstimator : IOutputLengthEstimator
{
    private const int Keys = 6;
    private const int Size = 6 + Keys;
    private const double Shrinkage = 4;
    private const double MaxTokens = 1_000_000;

    // Observations that the overall mean and the smear remember, and those that the prior counts as.
    private const double Memory = 500;
    private const double PriorObservations = 20;

    // The ratio of mean to geometric mean of a log-normal length with a variance of 1, about that of public chat traces.
    private static readonly double PriorSmear = Math.Exp(0.5);

    private readonly Lock _writer = new();
    private readonly KeyedMeans _means = new();
    private readonly RecursiveLeastSquares _regression = new(Size);
    private double _mean = Math.Log(LatencyEstimate.OutputTokensPrior / PriorSmear);
    private double _smear = PriorSmear;
    private double _trueTokens = PriorObservations * LatencyEstimate.OutputTokensPrior;
    private double _predictedTokens = PriorObservations * LatencyEstimate.OutputTokensPrior / PriorSmear;
    private double _observed = PriorObservations;

    /// <inheritdoc/>
    public double Predict(in LengthFeatures request)
    {
        Span<double> x = stackalloc double[Size];
        Fill(request, x);
        var expected = Volatile.Read(ref _smear) * Math.Exp(Volatile.Read(ref _mean) + _regression.Predict(x));
        // A comparison that no NaN passes.
        return expected >= 1 ? Math.Min(expected, request.MaxTokens ?? MaxTokens) : 1;
    }

    /// <inheritdoc/>
    public void Observe(in LengthFeatures request, int outputTokens)
    {
        var tokens = Math.Clamp(outputTokens, 1, MaxTokens);
        var y = Math.Log(tokens);
        Span<double> x = stackalloc double[Size];
        Span<ulong> keys = stackalloc ulong[Keys];
        lock (_writer)
        {
            Fill(request, x);
            Calibrate(tokens, Math.Exp(_mean + _regression.Predict(x)));
            _regression.Learn(x, y - _mean);
            _observed = Math.Min(_observed + 1, Memory);
            KeysOf(request, keys);
            foreach (var key in keys)
            {
                if (key != 0)
                    _means.Add(key, (float)y);
            }

            Volatile.Write(ref _mean, _mean + ((y - _mean) / _observed));
        }
    }

    private void Calibrate(double tokens, double predicted)
    {
        const double Kept = 1 - (1 / Memory);
        _trueTokens = (_trueTokens * Kept) + tokens;
        _predictedTokens = (_predictedTokens * Kept) + Math.Clamp(predicted, 1, MaxTokens);
        Volatile.Write(ref _smear, _trueTokens / _predictedTokens);
    }

    private void Fill(in LengthFeatures request, Span<double> x)
    {
        var prompt = Math.Log(Math.Max(1, request.PromptTokens));
        x[0] = 1;
        // Scaled to about 0..1, so that all directions learn equally fast.
        x[1] = prompt / 10;
        x[2] = prompt * prompt / 100;
        x[3] = request.MaxTokens is null ? 0 : 1;
        x[4] = request.MaxTokens is { } limit ? Math.Log(Math.Max(1, limit)) / 10 : 0;
        x[5] = request.Streaming ? 1 : 0;

        Span<ulong> keys = stackalloc ulong[Keys];
        KeysOf(request, keys);
        var all = Volatile.Read(ref _mean);
        for (var i = 0; i < Keys; i++)
        {
            var (mean, count) = keys[i] == 0 ? (0, 0) : _means.Find(keys[i]);
            x[6 + i] = count == 0 ? 0 : count / (count + Shrinkage) * (mean - all);
        }
    }

    private static void KeysOf(in LengthFeatures request, Span<ulong> keys)
    {
        var octaves = Math.Log2(Math.Max(1, request.PromptTokens));
        keys[0] = Key(1, KeyHash.Combine(request.Route, (ulong)(2 * octaves)));
        keys[5] = Key(6, KeyHash.Combine(request.Route, (ulong)(8 * octaves)));
        keys[1] = Key(2, request.Route);
        keys[2] = request.Tenant == 0 ? 0 : Key(3, KeyHash.Combine(request.Route, request.Tenant));
        keys[3] = request.Template == 0 ? 0 : Key(4, KeyHash.Combine(request.Route, request.Template));
        keys[4] = request.Session == 0 ? 0 : Key(5, KeyHash.Combine(request.Route, request.Session));
    }

    private static ulong Key(ulong kind, ulong key) => Math.Max(1, KeyHash.Combine(kind, key));
}
