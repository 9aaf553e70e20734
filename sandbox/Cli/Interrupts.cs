using System.Runtime.InteropServices;
using Ops.Cli.Terminal;

namespace Ops.Cli;

/// <summary>Turns SIGINT, SIGTERM and SIGHUP into one cancellation; a second signal ends the process at once.</summary>
internal sealed class Interrupts : IDisposable
{
    /// <summary>Exit code of a command that was interrupted before its work was done, as shells have it: 128 + SIGINT.</summary>
    public const int ExitCode = 130;

    // A wrapper (timeout, a task runner) often passes on the Ctrl-C that the terminal has sent to all: one wish, two signals.
    private static readonly TimeSpan SameWish = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource source = new();
    private readonly List<PosixSignalRegistration> registrations = [];
    private readonly Screen screen;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private long? first;

    public Interrupts(Screen screen, TimeProvider time)
    {
        this.time = time;
        this.screen = screen;
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP })
            registrations.Add(PosixSignalRegistration.Create(signal, Handle));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
        source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        lock (gate)
        {
            if (first is { } earlier && time.GetElapsedTime(earlier) < SameWish)
                return;
            if (first is null)
            {
                first = time.GetTimestamp();
                // Off the signal's thread: what hangs on the token may take long, and the second signal must still get through.
                _ = Task.Run(source.Cancel);
                return;
            }

            // Pods die with this process (the kernel signals them), so leaving at once leaves nothing behind.
            screen.Error("Stopped at once; pods are killed.");
            Environment.Exit(ExitCode);
        }
    }
}
