using Ops.Rca.Sources;

namespace Ops.Rca.Service.Detection;

/// <summary>
/// The last values of every signal: a ring of rows, one float each. 10,000 signals by 240 rows (an hour at 15 s) are
/// 9.6 MB, by 900 rows (15 minutes at 1 s) 36 MB.
/// </summary>
internal sealed class SignalHistory(int capacity)
{
    private readonly double[] times = new double[capacity];
    private readonly List<(Signal? Signal, float[] Values)> columns = [];
    private int next;

    /// <summary>Rows that are kept.</summary>
    public int Rows { get; private set; }

    /// <summary>Signals by index.</summary>
    public int Signals => columns.Count;

    /// <summary>Rows for an interval: an hour, but at least 240 and at most 900 of them.</summary>
    public static int RowsFor(double stepSeconds) => (int)Math.Clamp(3600 / stepSeconds, 240, 900);

    /// <summary>Takes the row of one round.</summary>
    public void Append(double seconds, IReadOnlyList<Signal?> signals, ReadOnlySpan<double> row)
    {
        times[next] = seconds;
        for (var i = 0; i < row.Length; i++)
        {
            if (i == columns.Count)
                columns.Add((null, []));
            // Another signal in this place has none of the values of the one before.
            if (!ReferenceEquals(columns[i].Signal, signals[i]))
                columns[i] = (signals[i], Missing(signals[i] is null ? 0 : capacity, columns[i].Values));
            if (columns[i].Signal is not null)
                columns[i].Values[next] = (float)row[i];
        }

        next = (next + 1) % capacity;
        Rows = Math.Min(Rows + 1, capacity);
    }

    /// <summary>The signal at an index, or null.</summary>
    public Signal? Signal(int index) => columns[index].Signal;

    /// <summary>The time of a row; 0 is the oldest.</summary>
    public double Time(int row) => times[Place(row)];

    /// <summary>The value of a signal in a row; NaN where it had none.</summary>
    public float Value(int index, int row) => columns[index].Values[Place(row)];

    private int Place(int row) => (next - Rows + row + capacity) % capacity;

    private static float[] Missing(int length, float[] old)
    {
        var values = old.Length == length ? old : new float[length];
        Array.Fill(values, float.NaN);
        return values;
    }
}
