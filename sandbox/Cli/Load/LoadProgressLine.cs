using System.Globalization;
using Ops.Cli.Terminal;
using Ops.Load;

namespace Ops.Cli.Load;

/// <summary>The live line of a replay: overwritten on a terminal, one line each 10 s elsewhere.</summary>
internal sealed class LoadProgressLine(Screen screen) : IProgress<LoadProgress>
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private TimeSpan nextPlain = PlainInterval;

    /// <inheritdoc/>
    public void Report(LoadProgress value)
    {
        if (screen.Live)
        {
            screen.Transient(Format(value));
        }
        else if (value.Elapsed >= nextPlain)
        {
            screen.Line(Format(value));
            nextPlain = value.Elapsed + PlainInterval;
        }
    }

    /// <summary>One line of counts.</summary>
    internal static string Format(LoadProgress value) => string.Create(CultureInfo.InvariantCulture,
        $"{value.Elapsed.TotalSeconds,6:0.0} s  sent {value.Sent:N0} of {value.Planned:N0}  answered {value.Answered:N0}  in flight {value.InFlight:N0}  rejected {value.Rejected:N0}  failed {value.Failed:N0}{(value.Dropped > 0 ? $"  dropped {value.Dropped:N0}" : "")}");
}
