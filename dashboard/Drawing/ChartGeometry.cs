using System.Globalization;
using System.Text;
using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Drawing;

/// <summary>The arithmetic of a chart, apart from its drawing: scales, ticks and paths.</summary>
/// <param name="From">Left edge.</param>
/// <param name="To">Right edge.</param>
/// <param name="Low">Value at the bottom.</param>
/// <param name="High">Value at the top.</param>
/// <param name="Width">Units across.</param>
/// <param name="Height">Units down.</param>
internal sealed record ChartGeometry(DateTimeOffset From, DateTimeOffset To, double Low, double High, double Width, double Height)
{
    // A gap of more than this many steps is drawn as a gap.
    private const int Bridge = 3;

    /// <summary>A scale that holds all curves, from zero unless a lower end is given.</summary>
    public static ChartGeometry Of(DateTimeOffset from, DateTimeOffset to, IEnumerable<Curve> curves, double? low, double? high, double width, double height)
    {
        var most = curves.SelectMany(curve => curve.Values).Where(float.IsFinite).DefaultIfEmpty(0).Max();
        var bottom = low ?? 0;
        // Where all is at the bottom, a scale of one says so better than one of nothing.
        return new(from, to, bottom, high ?? (most > bottom ? Nice(most, bottom) : bottom + 1), width, height);
    }

    /// <summary>Where a moment is.</summary>
    public double X(DateTimeOffset at) => Width * ((at - From) / (To - From));

    /// <summary>Where a value is.</summary>
    public double Y(double value) => Height * (1 - ((Math.Clamp(value, Low, High) - Low) / (High - Low)));

    /// <summary>The path of a curve; gaps stay gaps.</summary>
    public string Path(Curve curve) => Path(curve, (text, pen, x, y) => text.Append(CultureInfo.InvariantCulture, $"{pen}{x:0.#} {y:0.#}"));

    /// <summary>The area between two curves of the same steps, for stacks.</summary>
    public string Band(Curve upper, float[] lower)
    {
        var text = new StringBuilder();
        var begin = 0;
        while (begin < upper.Values.Length)
        {
            if (!float.IsFinite(upper.Values[begin]))
            {
                begin++;
                continue;
            }

            var end = begin;
            while (end + 1 < upper.Values.Length && float.IsFinite(upper.Values[end + 1]))
                end++;
            for (var i = begin; i <= end; i++)
                text.Append(CultureInfo.InvariantCulture, $"{(i == begin ? 'M' : 'L')}{X(At(upper, i)):0.#} {Y(upper.Values[i]):0.#}");
            for (var i = end; i >= begin; i--)
                text.Append(CultureInfo.InvariantCulture, $"L{X(At(upper, i)):0.#} {Y(lower[i]):0.#}");
            text.Append('Z');
            begin = end + 1;
        }

        return text.ToString();
    }

    /// <summary>Three to six moments on round times.</summary>
    public IEnumerable<DateTimeOffset> TimeTicks()
    {
        var span = To - From;
        var step = Steps.First(candidate => span / candidate <= 6);
        for (var at = new DateTimeOffset((From.UtcTicks / step.Ticks * step.Ticks) + step.Ticks, TimeSpan.Zero); at < To; at += step)
            yield return at;
    }

    private static readonly TimeSpan[] Steps =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromDays(1), TimeSpan.FromDays(365)];

    /// <summary>The next of 1, 2, 2.5, 5 times a power of ten above the value.</summary>
    internal static double Nice(double most, double bottom)
    {
        var range = (most - bottom) * 1.05;
        var power = Math.Pow(10, Math.Floor(Math.Log10(range)));
        foreach (var factor in (double[])[1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])
            if (factor * power >= range)
                return bottom + (factor * power);
        return bottom + range;
    }

    private static DateTimeOffset At(Curve curve, int index) => curve.Start + (curve.Step * index);

    private string Path(Curve curve, Action<StringBuilder, char, double, double> point)
    {
        var text = new StringBuilder();
        var last = int.MinValue;
        for (var i = 0; i < curve.Values.Length; i++)
        {
            if (!float.IsFinite(curve.Values[i]))
                continue;
            var pen = last < 0 || i - last > Bridge ? 'M' : 'L';
            point(text, pen, X(At(curve, i)), Y(curve.Values[i]));
            last = i;
        }

        return text.ToString();
    }
}
