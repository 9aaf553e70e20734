using Ops.Rca.Sources;

namespace Ops.Rca.Service.Detection;

/// <summary>
/// Finds in each round which signals moved: two values in a row beyond the threshold, against what the signal was in the
/// time before and, once it is known, against what it uses to be at this time of the day. So a visible fault is found
/// with the second round that shows it.
/// </summary>
internal sealed class ShiftDetector(SignalHistory history)
{
    // References move slowly, so each is made anew once in so many rounds, an eighth of them in every round.
    private const int RefreshEvery = 8;

    // The newest rows may already belong to what is about to be found.
    private const int GuardRows = 3;

    // A fault that lasts longer than this is the new normal: 6 hours.
    private const double LongestSeconds = 6 * 3600;

    // Rounds without a value after which a signal that moved counts as gone.
    private const int LongestSilence = 10;

    private readonly List<State> states = [];
    private float[] values = [];
    private float[] work = [];
    private int round;

    /// <summary>What has moved and not come back.</summary>
    public IReadOnlyList<Movement> Moved { get; private set; } = [];

    /// <summary>Share of signals that have a reference, 0..1.</summary>
    public double Ready => states.Count == 0 ? 0 : states.Count(state => state.Reference is not null) / (double)states.Count;

    /// <summary>Whether a signal's value was part of what ended meanwhile, so that it says nothing of what is normal.</summary>
    public bool WasAway(int index, double time) => index < states.Count && ReferenceEquals(states[index].Signal, history.Signal(index)) && IsAway(states[index], time);

    /// <summary>Tells what a signal was before, as it was known before a restart.</summary>
    public Dictionary<(string Service, string Metric), Movement> Remembered { get; } = [];

    /// <summary>Looks at the newest row of the history.</summary>
    public void Take()
    {
        round++;
        while (states.Count < history.Signals)
            states.Add(new State());
        var moved = new List<Movement>();
        for (var i = 0; i < states.Count; i++)
        {
            if (history.Signal(i) is not { } signal)
                continue;
            if (!ReferenceEquals(states[i].Signal, signal))
                states[i] = Begin(signal);
            Look(i, states[i], signal);
            if (states[i].Movement is { } movement)
                moved.Add(movement);
        }

        Moved = moved;
    }

    private State Begin(Signal signal)
    {
        var state = new State { Signal = signal };
        if (Remembered.Remove((signal.Metric.Service, signal.Metric.Name), out var known) && known.Deviations != 0)
        {
            var scale = (float)Math.Abs((known.Now - known.Before) / known.Deviations);
            state.Reference = new Reference((float)known.Before, Math.Max(scale, 1e-6f), 6);
            state.Movement = known with { Signal = signal };
        }

        return state;
    }

    private void Look(int index, State state, Signal signal)
    {
        var last = history.Rows - 1;
        var (value, now) = (history.Value(index, last), history.Time(last));
        if (state.Movement is null && ((round + index) % RefreshEvery == 0 || history.Rows == Reference.FewestValues + GuardRows))
            state.Reference = Refresh(index, state, signal.Metric.Kind) ?? state.Reference;
        if (!float.IsFinite(value))
        {
            if (++state.Silence > LongestSilence)
                state.Movement = null;
            return;
        }

        state.Silence = 0;
        var usual = state.Seasonal?.At(now) ?? float.NaN;
        if (signal.Metric.Kind.IsSymptom())
            (state.Seasonal ??= new()).Add(now, value);
        if (state.Reference is not { } reference)
            return;
        var z = reference.Deviations(value, signal.Metric.Kind);
        if (float.IsFinite(usual))
            z = Math.Min(z, (reference with { Median = usual }).Deviations(value, signal.Metric.Kind));
        Judge(index, state, signal, value, Math.Min(z, state.Before), Math.Max(z, state.Before), now);
        state.Before = z;
    }

    // Both of two values beyond the threshold: moved. Both back within half of it: no more.
    private void Judge(int index, State state, Signal signal, float value, float smaller, float larger, double now)
    {
        var reference = state.Reference!.Value;
        if (state.Movement is null && smaller > reference.Threshold)
            state.Movement = new Movement(signal, SinceOf(index, reference, signal.Metric.Kind), reference.Median, value, smaller);
        else if (state.Movement is { } movement && (larger < reference.Threshold / 2 || now - movement.Since > LongestSeconds))
        {
            state.Away = (movement.Since, now);
            state.Movement = null;
        }
    }

    // Back to the first value in a row that was beyond half of the threshold.
    private double SinceOf(int index, Reference reference, MetricKind kind)
    {
        var row = history.Rows - 2;
        while (row > 0 && reference.Deviations(history.Value(index, row - 1), kind) > reference.Threshold / 2)
            row--;
        return history.Time(Math.Max(row, 0));
    }

    private Reference? Refresh(int index, State state, MetricKind kind)
    {
        var rows = history.Rows - GuardRows;
        if (rows < Reference.FewestValues)
            return null;
        if (values.Length < rows)
            (values, work) = (new float[rows], new float[rows]);
        for (var row = 0; row < rows; row++)
        {
            // What was an incident is no part of what is normal.
            values[row] = IsAway(state, history.Time(row)) ? float.NaN : history.Value(index, row);
        }

        return Reference.Of(values.AsSpan(0, rows), work, kind);
    }

    private static bool IsAway(State state, double time) => time >= state.Away.From && time <= state.Away.To;

    private sealed class State
    {
        public Signal? Signal { get; init; }

        public Reference? Reference { get; set; }

        public SeasonalBaseline? Seasonal { get; set; }

        public Movement? Movement { get; set; }

        /// <summary>Deviations of the value before; NaN while there is none, and then nothing is certain yet.</summary>
        public float Before { get; set; } = float.NaN;

        public int Silence { get; set; }

        /// <summary>The last time in which it was away from normal.</summary>
        public (double From, double To) Away { get; set; } = (double.NaN, double.NaN);
    }
}
