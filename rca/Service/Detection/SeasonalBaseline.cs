namespace Ops.Rca.Service.Detection;

/// <summary>
/// What a signal uses to be at this time of the day, learned day by day: 96 quarters of an hour, each a mean in which
/// older days fade. 5,000 signals take 96 x 4 bytes each, 2 MB. Says nothing before it has seen the time on two days.
/// </summary>
internal sealed class SeasonalBaseline
{
    private const int Quarters = 96;
    private const int FewestDays = 2;
    private const double QuarterSeconds = 900;

    // Of the last day's value 0.3: after a week 92 % of the mean is of that week.
    private const float Newest = 0.3f;

    private readonly float[] means = new float[Quarters];
    private readonly byte[] days = new byte[Quarters];
    private double sum;
    private int count;
    private long quarter = -1;

    /// <summary>Takes a value.</summary>
    public void Add(double seconds, float value)
    {
        var now = (long)(seconds / QuarterSeconds);
        if (now != quarter)
        {
            Fold();
            quarter = now;
        }

        if (float.IsFinite(value))
        {
            sum += value;
            count++;
        }
    }

    /// <summary>The usual value at a time; NaN while it is not known.</summary>
    public float At(double seconds)
    {
        var place = Place((long)(seconds / QuarterSeconds));
        return days[place] >= FewestDays ? means[place] : float.NaN;
    }

    private void Fold()
    {
        if (quarter >= 0 && count > 0)
        {
            var (place, mean) = (Place(quarter), (float)(sum / count));
            means[place] = days[place] == 0 ? mean : means[place] + (Newest * (mean - means[place]));
            days[place] = (byte)Math.Min(byte.MaxValue, days[place] + 1);
        }

        (sum, count) = (0, 0);
    }

    private static int Place(long quarter) => (int)(quarter % Quarters);
}
