using System.Diagnostics;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>One run of a container: its process, its group, its output.</summary>
internal sealed class ContainerProcess
{
    /// <summary>Stack of the thread that copies output; it holds one 16 KiB buffer.</summary>
    private const int PumpStack = 256 * 1024;

    private readonly Process process;
    private readonly ContainerLog log;
    private readonly TaskCompletionSource pumped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool ended;
    private volatile bool isOutOfMemory;

    private ContainerProcess(Process process, ContainerLog log, TimeProvider clock)
    {
        this.process = process;
        this.log = log;
        Id = process.Id;
        StartTicks = ProcessTools.StartTime(Id);
        StartedAt = clock.GetUtcNow();
        // Reading a pipe blocks its thread on Unix; a pool thread for each container would starve the pool.
        new Thread(Pump, PumpStack) { IsBackground = true, Name = $"output of {Id}" }.Start();
        Exited = WatchAsync(clock);
    }

    public int Id { get; }

    public long? StartTicks { get; }

    public DateTimeOffset StartedAt { get; }

    public ContainerLog Log => log;

    /// <summary>Exit code (128 + signal for a killed process) and when; done after the group is gone and all output is written.</summary>
    public Task<(int Code, DateTimeOffset At)> Exited { get; }

    public static async Task<ContainerProcess> StartAsync(
        ProcessLauncher launcher, ContainerLog log, TimeProvider clock,
        string executable, IEnumerable<string> arguments, string workingDirectory, IReadOnlyDictionary<string, string> environment)
    {
        var started = await launcher.StartContainerAsync(executable, arguments, workingDirectory, environment);
        return new ContainerProcess(started, log, clock);
    }

    /// <summary>Whether it was killed for holding more memory than it may.</summary>
    public bool IsOutOfMemory => isOutOfMemory;

    public void KillForMemory()
    {
        if (ended)
            return;
        isOutOfMemory = true;
        Kill();
    }

    public void Terminate()
    {
        if (!ended)
            ProcessTools.Signal(Id, ProcessTools.SigTerm);
    }

    public void Kill()
    {
        if (ended)
            return;
        ProcessTools.SignalGroup(Id, ProcessTools.SigKill);
        ProcessTools.Signal(Id, ProcessTools.SigKill);
    }

    private async Task<(int Code, DateTimeOffset At)> WatchAsync(TimeProvider clock)
    {
        await process.WaitForExitAsync();
        // From here on the id may be given to another process (a busy machine goes through all 32768 in a minute).
        ended = true;
        var code = process.ExitCode;
        var at = clock.GetUtcNow();
        // A container ends with its first process: what it left behind in its group goes too.
        ProcessTools.SignalGroup(Id, ProcessTools.SigKill);
        // A descendant that made a session of its own may hold the pipe; its output is not waited for.
        await Task.WhenAny(pumped.Task, Task.Delay(TimeSpan.FromSeconds(1), clock));
        log.Dispose();
        process.Dispose();
        return (code, at);
    }

    private void Pump()
    {
        try
        {
            var output = process.StandardOutput.BaseStream;
            var buffer = new byte[16 * 1024];
            for (int count; (count = output.Read(buffer)) > 0;)
                log.Append(buffer.AsSpan(0, count));
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The pipe is gone with its process.
        }
        finally
        {
            pumped.TrySetResult();
        }
    }
}
