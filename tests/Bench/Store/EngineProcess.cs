using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using Ops.Storage.Cluster;
using Ops.Testing;

namespace Ops.Bench.Store;

/// <summary>The process of a node, and signals to it.</summary>
internal static partial class EngineProcess
{
    private const int Sigkill = 9;
    private const int Sigcont = 18;
    private const int Sigstop = 19;
    private const string ProcessId = "process_id:";
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(2);

    /// <summary>kill -9.</summary>
    internal static async Task KillAsync(StoreAddress address, CancellationToken cancellation) => Signal(await FindAsync(address, cancellation), Sigkill);

    /// <summary>Stops a node in the middle of whatever it does; it keeps its connections and says nothing.</summary>
    /// <returns>What lets it go on.</returns>
    internal static async Task<Action> StopAsync(StoreAddress address, CancellationToken cancellation)
    {
        var process = await FindAsync(address, cancellation);
        Signal(process, Sigstop);
        return () => Signal(process, Sigcont);
    }

    /// <summary>The process. Redis says its id, and hides its arguments behind a title; Garnet says none, and keeps its arguments.</summary>
    internal static async Task<int> FindAsync(StoreAddress address, CancellationToken cancellation)
    {
        using var connection = await RespConnection.OpenAsync(address, Within, cancellation);
        var info = (await connection.AskAsync(Within, cancellation, ["INFO", "server"]))[0] as string ?? "";
        if (info.Split('\n').FirstOrDefault(line => line.StartsWith(ProcessId, StringComparison.Ordinal)) is { } line)
            return int.Parse(line.AsSpan(ProcessId.Length).Trim(), CultureInfo.InvariantCulture);
        return RunningProcess.With("--cluster-announce-ip", address.Host) ?? throw new BenchCannotRunException($"no process announces {address.Host}");
    }

    private static void Signal(int process, int signal)
    {
        if (Send(process, signal) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"signal {signal} to process {process}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
