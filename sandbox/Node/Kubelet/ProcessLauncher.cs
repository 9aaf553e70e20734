using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Starts every container process from one thread that lives as long as the node.</summary>
/// <remarks>
/// Linux sends the parent-death signal when the <i>thread</i> that forked ends, not the process. A pool thread may end at
/// any time and would take its containers with it, so this one thread forks them all and never ends before they do.
/// </remarks>
internal sealed class ProcessLauncher : IDisposable
{
    /// <summary>Waiting starts; a pod has a handful of containers and each start takes milliseconds.</summary>
    private readonly BlockingCollection<(ProcessStartInfo Info, TaskCompletionSource<Process> Started)> orders = new(boundedCapacity: 1024);

    private readonly Thread thread;
    private readonly string wrapper;

    public ProcessLauncher()
    {
        wrapper = Wrapper();
        thread = new Thread(Run) { IsBackground = true, Name = "container launcher" };
        thread.Start();
    }

    /// <summary>
    /// Starts a command in a session of its own, output and errors in one pipe, no input, killed when the sandbox dies.
    /// </summary>
    public Task<Process> StartContainerAsync(string executable, IEnumerable<string> arguments, string workingDirectory, IReadOnlyDictionary<string, string> environment) =>
        StartAsync(Info($"exec </dev/null 2>&1; exec {wrapper} \"$@\"", executable, arguments, workingDirectory, environment));

    /// <summary>Starts a command of an exec: the same, with input and errors kept apart.</summary>
    public Task<Process> StartExecAsync(string executable, IEnumerable<string> arguments, string workingDirectory, IReadOnlyDictionary<string, string> environment)
    {
        var info = Info($"exec {wrapper} \"$@\"", executable, arguments, workingDirectory, environment);
        info.RedirectStandardInput = true;
        info.RedirectStandardError = true;
        return StartAsync(info);
    }

    public void Dispose()
    {
        orders.CompleteAdding();
        thread.Join();
        orders.Dispose();
    }

    private Task<Process> StartAsync(ProcessStartInfo info)
    {
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        orders.Add((info, started));
        return started.Task;
    }

    private void Run()
    {
        foreach (var (info, started) in orders.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(info) ?? throw new InvalidOperationException("no process was started"));
            }
            catch (Exception problem) when (problem is InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
            {
                started.SetException(problem);
            }
        }
    }

    private static ProcessStartInfo Info(
        string script, string executable, IEnumerable<string> arguments, string workingDirectory, IReadOnlyDictionary<string, string> environment)
    {
        var info = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var argument in (string[])["-c", script, "container", executable, .. arguments])
            info.ArgumentList.Add(argument);
        info.Environment.Clear();
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        return info;
    }

    /// <summary>setsid and setpriv belong to util-linux. Where one is missing the pid file alone finds leftovers.</summary>
    private static string Wrapper()
    {
        const string places = "/usr/bin:/bin:/usr/sbin:/sbin";
        var session = ProcessTools.Find("setsid", places, "/");
        var death = ProcessTools.Find("setpriv", places, "/");
        return $"{session} {(death is null ? string.Empty : death + " --pdeathsig KILL --")}".Trim();
    }
}
