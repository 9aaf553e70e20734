namespace Ops.Testing;

/// <summary>Finds a process of this machine by its command line, where the process itself does not tell its id.</summary>
public static class RunningProcess
{
    /// <summary>The process that has these arguments one after the other; null where there is none.</summary>
    public static int? With(params string[] arguments)
    {
        var text = $"\0{string.Join('\0', arguments)}\0";
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && CommandLine(id).Contains(text, StringComparison.Ordinal))
                return id;
        }

        return null;
    }

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is none of ours.
            return "";
        }
    }
}
