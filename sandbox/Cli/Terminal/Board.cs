using System.Globalization;

namespace Ops.Cli.Terminal;

/// <summary>Progress of a start: one lasting line per finished step with the time since the start, and what is awaited.</summary>
internal sealed class Board(Screen screen, TimeProvider time)
{
    // Where nobody watches, a waiting line each 10 s shows that the start is alive without flooding a log.
    private static readonly TimeSpan PlainWaitingInterval = TimeSpan.FromSeconds(10);

    private readonly long start = time.GetTimestamp();
    private TimeSpan lastPlainWaiting;

    /// <summary>Time since the board was made, which is the first thing that a command does.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(start);

    /// <summary>A step that is done: <c>  3.2 s  router          ready (1 of 1)</c>.</summary>
    public void Done(string component, string text)
    {
        screen.Line(Format(Elapsed, component, text));
        lastPlainWaiting = Elapsed;
    }

    /// <summary>What is awaited now; overwritten by the next call on a terminal, every 10 s elsewhere.</summary>
    public void Waiting(string text)
    {
        if (screen.Live)
        {
            screen.Transient(Format(Elapsed, "waiting", text));
        }
        else if (Elapsed - lastPlainWaiting >= PlainWaitingInterval)
        {
            screen.Line(Format(Elapsed, "waiting", text));
            lastPlainWaiting = Elapsed;
        }
    }

    /// <summary>A line of the board.</summary>
    internal static string Format(TimeSpan elapsed, string component, string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds,6:0.0} s  {component,-16} {text}");
}
