using System.Globalization;

namespace Ops.Profiles;

/// <summary>A profile as a running engine shows it.</summary>
/// <param name="Profile">Time and energy, at default clocks, for a simulator; the declared one where nothing could be told.</param>
/// <param name="DecodeFactor">Decode time over the declared one, at the batches that were seen; 1 where not measured.</param>
/// <param name="PrefillFactor">Prefill time over the declared one; 1 where not measured.</param>
/// <param name="PowerFactor">Decode power over the declared one; 1 where not measured.</param>
/// <param name="Windows">Windows that counted.</param>
/// <param name="BatchFrom">Smallest mean batch among them.</param>
/// <param name="BatchTo">Largest mean batch among them.</param>
/// <param name="TimeResidual">Root mean square of (step time by the profile / measured - 1).</param>
/// <param name="PowerResidual">The same of decode power.</param>
/// <param name="Notes">In words: what was measured, what was not, and what is outside the measured range.</param>
public sealed record CalibratedProfile(
    ServingProfile Profile, double DecodeFactor, double PrefillFactor, double PowerFactor,
    int Windows, double BatchFrom, double BatchTo, double TimeResidual, double PowerResidual, IReadOnlyList<string> Notes);

/// <summary>
/// From windows between two looks at an engine's counters to a profile of the same shape as the measured ones.
/// </summary>
/// <remarks>
/// A window with n steps has the mean batch b = decode tokens / n and q = prompt tokens / n. By the profile's model a token then
/// takes t = d D(b) + f q / R, with the declared decode curve D and prefill rate R; the factors d and f are the least squares of
/// the relative errors. The declared curves are scaled by what was found; where the batches span enough, they are also fitted anew
/// by <see cref="ProfileFit"/>, and kept where that leaves clearly less unexplained. Power is what a window's joules leave for decode time after idle watts and the declared watts
/// of prefill. Left out: that batches and prompts go together within a window, which is why it should be a second or two long; on
/// simulated servers that differ by 30 % this finds decode within 2 %, prefill within 8 % (mostly too fast) and power within 4 %.
/// </remarks>
public static class ProfileCalibration
{
    /// <summary>Fewer windows tell nothing.</summary>
    public const int LeastWindows = 8;

    // Below a mean batch of 1.5 prompts often meet an empty engine, and then take nobody's time between two tokens.
    private const double LeastBatch = 1.5;
    private const double LeastSteps = 10;

    // A share of the step time below which the prefill rate cannot be told from noise.
    private const double LeastPrefillShare = 0.03;

    // Decode time that a window needs for its joules to tell of decoding, as a share of the window.
    private const double LeastBusyShare = 0.3;

    // Bins by batch, each 1.4 times as wide as the one before: 17 from 1.5 to 256. A shape needs five that span a factor of 4.
    private const double BinRatio = 1.4;
    private const double LeastSpan = 4;
    private const double WorthAShape = 0.75;

    /// <summary>Calibrates a profile.</summary>
    /// <param name="declared">The profile that is believed so far.</param>
    /// <param name="setting">Clock and power limit that were in force.</param>
    /// <param name="windows">Differences of counters, see <see cref="EngineCounters.Since"/>; of all replicas of a model.</param>
    public static CalibratedProfile Of(ServingProfile declared, PowerSetting setting, IReadOnlyCollection<EngineCounters> windows)
    {
        ArgumentNullException.ThrowIfNull(declared);
        var seen = windows.Where(window => window.Steps >= LeastSteps && window.DecodeTokens / window.Steps >= LeastBatch && window.DecodeSeconds > 0)
            .Select(window => new Window(window, declared, setting)).ToList();
        if (seen.Count < LeastWindows)
            return new(declared, 1, 1, 1, seen.Count, 0, 0, 0, 0, [Invariant($"the declared profile stays: {seen.Count} windows with a batch of {LeastBatch} or more, {LeastWindows} are needed; send more requests")]);

        var notes = new List<string>();
        var (decode, prefill) = Factors(seen, notes);
        var (from, to) = (seen.Min(window => window.Batch), seen.Max(window => window.Batch));
        var power = seen.Select(window => (window.Batch, Watts: window.DecodeWatts(decode, prefill))).Where(one => one.Watts > 0).ToList();
        var watts = power.Count < LeastWindows ? 1 : power.Average(one => one.Watts / Watts(declared, one.Batch, setting));
        if (power.Count < LeastWindows)
            notes.Add("power as declared: too few windows with joules and enough to do");
        var scaled = declared with
        {
            Decode = declared.Decode.Times(decode),
            Power = declared.Power.Times(watts),
            Gpu = declared.Gpu with { PrefillUtilisation = declared.Gpu.PrefillUtilisation / prefill },
            MeasuredFrom = from,
            MeasuredTo = to,
        };
        double OfTime(ServingProfile profile) => Rms(seen.Select(window => (((profile.DecodeStep(window.Whole, setting).Seconds * window.BetweenWholes) + (prefill * window.Prefill)) / window.Token) - 1));
        double OfPower(ServingProfile profile) => power.Count < LeastWindows ? 0 : Rms(power.Select(one => (Watts(profile, one.Batch, setting) / one.Watts) - 1));
        var time = Shape(Bins(seen.Select(window => (window.Batch, window.DecodeLeft(prefill) / window.ClockSlowdown))), (batch, seconds) => new MeasuredPoint(batch, seconds * 1000, 1), ProfileFit.Decode);
        var draw = Shape(Bins(power.Select(one => (one.Batch, one.Watts / Watts(declared, one.Batch, setting) * declared.Power.Watts(one.Batch)))), (batch, value) => new MeasuredPoint(batch, 1, value), ProfileFit.Power);
        var profile = Better(scaled, time is { } curve ? scaled with { Decode = curve } : null, OfTime);
        profile = Better(profile, draw is { } drawn ? profile with { Power = drawn } : null, OfPower);
        notes.Add(Invariant($"decode time: {(profile.Decode == scaled.Decode ? "the declared curve, scaled" : "a curve of its own")}; power: {(profile.Power == scaled.Power ? "the declared curve, scaled" : "a curve of its own")}"));
        notes.Add(Invariant($"batches of {from:0.0} to {to:0.0} were seen; outside them the profile is extrapolated"));
        return new(profile, decode, prefill, watts, seen.Count, from, to, OfTime(profile), OfPower(profile), notes);
    }

    // A shape of its own has to explain clearly more than the declared one, scaled: else it fits the noise.
    private static ServingProfile Better(ServingProfile scaled, ServingProfile? shaped, Func<ServingProfile, double> residual) =>
        shaped is not null && residual(shaped) < WorthAShape * residual(scaled) ? shaped : scaled;

    // Two unknowns, weights 1 / t^2: sums of products of D / t and q / R / t.
    private static (double Decode, double Prefill) Factors(List<Window> seen, List<string> notes)
    {
        double dd = 0, dp = 0, pp = 0, d = 0, p = 0;
        foreach (var window in seen)
        {
            var (x, y) = (window.Decode / window.Token, window.Prefill / window.Token);
            (dd, dp, pp, d, p) = (dd + (x * x), dp + (x * y), pp + (y * y), d + x, p + y);
        }

        var determinant = (dd * pp) - (dp * dp);
        var share = p / seen.Count;
        // Prompts that go with the batch in a fixed ratio cannot be told from it.
        if (share >= LeastPrefillShare && determinant > 1e-6 * dd * pp && ((d * pp) - (p * dp)) / determinant is > 0 and var decode && ((dd * p) - (dp * d)) / determinant is > 0 and var prefill)
            return (decode, prefill);
        notes.Add(Invariant($"prefill as declared: it takes {100 * share:0.0} % of the time of a step, or goes with the batch so evenly that it cannot be told apart"));
        return (Math.Max(1e-3, (d - dp) / dd), 1);
    }

    // Null where the batches span too little for a shape of their own.
    private static TCurve? Shape<TCurve>(List<(double Batch, double Value)> bins, Func<double, double, MeasuredPoint> point, Func<IReadOnlyList<MeasuredPoint>, Fitted<TCurve>> fit)
        where TCurve : struct
    {
        if (bins.Count < ProfileFit.LeastPointsForBend || bins[^1].Batch < LeastSpan * bins[0].Batch)
            return null;
        try
        {
            return fit([.. bins.Select(bin => point(bin.Batch, bin.Value))]).Curve;
        }
        catch (ArgumentException)
        {
            // Power that does not rise with the batch: noise.
            return null;
        }
    }

    private static List<(double Batch, double Value)> Bins(IEnumerable<(double Batch, double Value)> points) =>
        [.. points.Where(point => point.Value > 0).GroupBy(point => (int)Math.Floor(Math.Log(point.Batch) / Math.Log(BinRatio))).OrderBy(bin => bin.Key)
            .Select(bin => (bin.Average(point => point.Batch), bin.Average(point => point.Value)))];

    private static double Watts(ServingProfile profile, double batch, PowerSetting setting) => profile.DecodeStep(Math.Max(1, (int)Math.Round(batch)), setting).Watts;

    private static double Rms(IEnumerable<double> residuals) => Math.Sqrt(residuals.Average(residual => residual * residual));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>One window, in seconds a step.</summary>
    private sealed record Window(EngineCounters Counted, ServingProfile Declared, PowerSetting Setting)
    {
        public double Batch => Counted.DecodeTokens / Counted.Steps;

        public int Whole => Math.Max(1, (int)Math.Round(Batch));

        /// <summary>A profile is asked for whole batches; the curve between two of them is straight.</summary>
        public double BetweenWholes => Declared.Decode.Seconds(Batch) / Declared.Decode.Seconds(Whole);

        /// <summary>Measured time of a token.</summary>
        public double Token => Counted.DecodeSeconds / Counted.DecodeTokens;

        /// <summary>Declared decode time.</summary>
        public double Decode => Declared.DecodeStep(Whole, Setting).Seconds * BetweenWholes;

        /// <summary>Declared time of the prompt tokens of a step.</summary>
        public double Prefill => Counted.PromptTokens / Counted.Steps * (Declared.Prefill(1000, Setting).Seconds / 1000);

        /// <summary>How much the clock slows decoding, by the declared profile.</summary>
        public double ClockSlowdown => Decode / Declared.Decode.Seconds(Batch);

        /// <summary>Measured time of a token less its share of prefill.</summary>
        public double DecodeLeft(double prefill) => Token - (prefill * Prefill);

        /// <summary>Watts while decoding; 0 where the window does not tell.</summary>
        public double DecodeWatts(double decode, double prefill)
        {
            var (decoding, prompts) = (Counted.Steps * decode * Decode, Counted.Steps * prefill * Prefill);
            if (Counted.Joules <= 0 || decoding < LeastBusyShare * Counted.At)
                return 0;
            var idle = Math.Max(0, Counted.At - decoding - prompts) * Declared.IdleWatts;
            return (Counted.Joules - idle - (prompts * Declared.Prefill(1000, Setting).Watts)) / decoding;
        }
    }
}
