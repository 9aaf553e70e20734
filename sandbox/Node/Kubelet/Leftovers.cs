using System.Text.Json;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>The process ids that this work directory's containers have, on disk, so that the start after a crash can end what survived.</summary>
/// <remarks>A process is ours only if id and start time both match, or if it carries this directory in its environment.</remarks>
internal sealed class Leftovers
{
    /// <summary>In the environment of every container, inherited by whatever it starts.</summary>
    public const string Marker = "OPS_SANDBOX_DIRECTORY";

    private readonly string folder;
    private readonly string workDirectory;

    public Leftovers(string workDirectory)
    {
        this.workDirectory = workDirectory;
        folder = Path.Combine(workDirectory, "pids");
        Directory.CreateDirectory(folder);
    }

    public void Add(ContainerProcess process)
    {
        if (process.StartTicks is { } ticks)
            File.WriteAllText(FileOf(process.Id), JsonSerializer.Serialize(new Entry(process.Id, ticks)));
    }

    public void Remove(ContainerProcess process) => File.Delete(FileOf(process.Id));

    /// <summary>Kills what an earlier run left, returns how many processes.</summary>
    public int Clean()
    {
        var killed = 0;
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (Parse(file) is { } entry && ProcessTools.StartTime(entry.Pid) == entry.StartTicks)
            {
                ProcessTools.SignalGroup(entry.Pid, ProcessTools.SigKill);
                killed += ProcessTools.Signal(entry.Pid, ProcessTools.SigKill) ? 1 : 0;
            }
            File.Delete(file);
        }
        // Children of a dead container's process have no pid file; they inherited the marker.
        foreach (var pid in ProcessTools.All().Where(pid => pid != Environment.ProcessId && ProcessTools.HasEnvironment(pid, Marker, workDirectory)))
            killed += ProcessTools.Signal(pid, ProcessTools.SigKill) ? 1 : 0;
        return killed;
    }

    private string FileOf(int pid) => Path.Combine(folder, pid.ToString());

    private static Entry? Parse(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(File.ReadAllText(file));
        }
        catch (JsonException)
        {
            // Cut off by the crash; the marker finds the process.
            return null;
        }
    }

    private sealed record Entry(int Pid, long StartTicks);
}
