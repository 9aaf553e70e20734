using System.Text;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Runs a command beside a container: same folder, environment and mounts, a session of its own.</summary>
internal sealed class ContainerExec(ProcessLauncher launcher, string podDirectory)
{
    /// <summary>Shell convention for a command that does not exist, as container runtimes answer it.</summary>
    private const int NotFound = 127;

    public async Task<int> RunAsync(
        ContainerSlot slot, IReadOnlyList<string> command, Stream? stdin, Stream stdout, Stream stderr, CancellationToken cancellation)
    {
        var folder = Path.Combine(podDirectory, "containers", slot.Spec.Name);
        var name = command.Count == 0 ? string.Empty : slot.Mounts?.Apply(command[0]) ?? command[0];
        if (ProcessTools.Find(name, slot.Environment.GetValueOrDefault("PATH"), folder) is not { } executable)
        {
            await stderr.WriteAsync(Encoding.UTF8.GetBytes($"exec: \"{name}\": executable file not found in $PATH\n"), cancellation);
            return NotFound;
        }
        using var process = await launcher.StartExecAsync(executable, command.Skip(1).Select(one => slot.Mounts?.Apply(one) ?? one), folder, slot.Environment);
        await using var kill = cancellation.Register(() =>
        {
            if (!process.HasExited)
                ProcessTools.SignalGroup(process.Id, ProcessTools.SigKill);
        });
        using var ended = new CancellationTokenSource();
        var input = FeedAsync(stdin, process.StandardInput.BaseStream, ended.Token);
        // The copies end when the pipes do, which a killed command closes too.
        var copies = Task.WhenAll(
            CopyAsync(process.StandardOutput.BaseStream, stdout),
            CopyAsync(process.StandardError.BaseStream, stderr));
        await process.WaitForExitAsync(CancellationToken.None);
        var code = process.ExitCode;
        await Task.WhenAny(copies, Task.Delay(TimeSpan.FromSeconds(2), CancellationToken.None));
        await ended.CancelAsync();
        await input;
        cancellation.ThrowIfCancellationRequested();
        return code;
    }

    /// <summary>The command's output and errors in one text, for probes and hooks.</summary>
    public async Task<(int Code, string Output)> CaptureAsync(ContainerSlot slot, IReadOnlyList<string> command, CancellationToken cancellation)
    {
        using var output = new BoundedStream(limit: 64 * 1024);
        var code = await RunAsync(slot, command, null, output, output, cancellation);
        return (code, output.Text);
    }

    private static async Task FeedAsync(Stream? from, Stream to, CancellationToken cancellation)
    {
        try
        {
            await using (to)
            {
                if (from is not null)
                    await from.CopyToAsync(to, cancellation);
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The command ended without reading all of it.
        }
    }

    private static async Task CopyAsync(Stream from, Stream to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            // Small pieces go on at once: an interactive reader waits for them.
            for (int count; (count = await from.ReadAsync(buffer)) > 0;)
            {
                await to.WriteAsync(buffer.AsMemory(0, count));
                await to.FlushAsync();
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The reader left; the command finds out by itself.
        }
    }

    /// <summary>Keeps the first bytes and swallows the rest.</summary>
    private sealed class BoundedStream(int limit) : MemoryStream
    {
        private readonly Lock guard = new();

        public string Text
        {
            get
            {
                lock (guard)
                    return Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length);
            }
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (guard)
                base.Write(buffer.Span[..(int)Math.Min(buffer.Length, limit - Length)]);
            return ValueTask.CompletedTask;
        }
    }
}
