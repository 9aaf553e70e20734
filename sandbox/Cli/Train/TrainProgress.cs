using System.Globalization;
using Ops.Cli.Terminal;

namespace Ops.Cli.Train;

/// <summary>The progress bar of a training: overwritten on a terminal, a line each tenth elsewhere.</summary>
internal sealed class TrainProgress(Screen screen, TimeProvider time)
{
    private const int Cells = 40;

    private readonly long began = time.GetTimestamp();
    private double nextPlain = 0.1;

    public void Report(double share)
    {
        var line = Format(share, time.GetElapsedTime(began));
        if (screen.Live)
        {
            screen.Transient(line);
        }
        else if (share >= nextPlain)
        {
            screen.Line(line);
            nextPlain = Math.Floor((share * 10) + 1.001) / 10;
        }
    }

    /// <summary>The bar as text.</summary>
    internal static string Format(double share, TimeSpan elapsed)
    {
        var full = (int)(Math.Clamp(share, 0, 1) * Cells);
        return string.Create(CultureInfo.InvariantCulture, $"[{new string('#', full)}{new string('.', Cells - full)}] {100 * share,3:0} %  {elapsed.TotalSeconds:0} s");
    }
}
