using System.Globalization;
using System.Text.Json;

namespace Ops.Cli.Up;

/// <summary>What a running <c>./ops up</c> tells the other commands. Written once it is ready, with the owner's rights only.</summary>
/// <param name="Pid">Process of <c>./ops up</c>.</param>
/// <param name="ApiUrl">Base address of the API server.</param>
/// <param name="RouterUrl">Base address of the router.</param>
/// <param name="RouterKey">A key that the router accepts.</param>
/// <param name="Kubeconfig">Path of the administrator's kubeconfig.</param>
internal sealed record RunningInstance(int Pid, string ApiUrl, string RouterUrl, string RouterKey, string Kubeconfig);

/// <summary>
/// The folder that holds everything <c>./ops up</c> keeps. One process owns it at a time by a lock of the operating system,
/// which ends with the process however it ends: a crash leaves nothing that blocks the next start.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    private readonly FileStream held;

    private StateFolder(string path, FileStream held)
    {
        Path = path;
        this.held = held;
    }

    /// <summary>Full path of the folder.</summary>
    public string Path { get; }

    /// <summary>The API server's database.</summary>
    public string Database => System.IO.Path.Combine(Path, "state.db");

    /// <summary>Folders and logs of pods.</summary>
    public string Pods => System.IO.Path.Combine(Path, "node");

    /// <summary>The sandbox's own log.</summary>
    public string Log => System.IO.Path.Combine(Path, "up.log");

    /// <summary>The administrator's kubeconfig.</summary>
    public string Kubeconfig => System.IO.Path.Combine(Path, "kubeconfig");

    /// <summary>The folder used where the user names none: beside the sources, so that every working directory finds it.</summary>
    public static string DefaultPath => System.IO.Path.Combine(Checkout.Root, ".ops");

    /// <summary>Takes the folder for this process.</summary>
    /// <exception cref="UserError">Another process has it, or it cannot be written.</exception>
    public static StateFolder Acquire(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"The state folder {path} cannot be created: {error.Message}");
        }

        var ours = TryLock(path) ?? throw new UserError(
            $"Another ./ops up{OwnerOf(path)} is using {path}; stop it with Ctrl-C, or choose another folder with --state.");
        var folder = new StateFolder(path, ours);
        folder.WritePrivate("pid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        File.Delete(System.IO.Path.Combine(path, "run.json"));
        return folder;
    }

    /// <summary>The instance that runs with this folder now; null when none is ready.</summary>
    public static RunningInstance? Find(string path)
    {
        var file = System.IO.Path.Combine(path, "run.json");
        if (!File.Exists(file))
            return null;

        // A crash leaves run.json behind; only the lock proves that its writer lives.
        using (var free = TryLock(path))
            if (free is not null)
                return null;
        try
        {
            return JsonSerializer.Deserialize<RunningInstance>(File.ReadAllText(file));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes what earlier runs left: objects, pod folders, logs.</summary>
    public void Clear()
    {
        foreach (var file in Directory.EnumerateFiles(Path).Where(file => System.IO.Path.GetFileName(file) is not ("lock" or "pid")))
            File.Delete(file);
        foreach (var folder in Directory.EnumerateDirectories(Path))
            Directory.Delete(folder, recursive: true);
    }

    /// <summary>Tells other commands about this instance.</summary>
    public void Publish(RunningInstance instance) => WritePrivate("run.json", JsonSerializer.Serialize(instance));

    /// <summary>Writes a file that only the owner may read, whole or not at all.</summary>
    public string WritePrivate(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(draft, options))
            writer.Write(text);
        File.Move(draft, path, overwrite: true);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Somebody may have removed the folder under a running fleet; stopping it must end quietly all the same.
        if (Directory.Exists(Path))
        {
            File.Delete(System.IO.Path.Combine(Path, "run.json"));
            File.Delete(System.IO.Path.Combine(Path, "pid"));
        }

        held.Dispose();
    }

    // FileShare.None is an exclusive flock() on Linux and macOS; the descriptor is not inherited by pods.
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException error)
        {
            throw new UserError($"The state folder {path} cannot be written: {error.Message}");
        }
    }

    private static string OwnerOf(string path)
    {
        var file = System.IO.Path.Combine(path, "pid");
        try
        {
            return int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out var pid) ? $" (process {pid})" : "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
