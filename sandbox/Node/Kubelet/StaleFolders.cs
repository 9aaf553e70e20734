namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Folders and logs of pods that went while no sandbox ran.</summary>
internal static class StaleFolders
{
    public static void Remove(string workDirectory, IReadOnlySet<string> uids)
    {
        // pods/UID and logs/NAMESPACE_NAME_UID; no name has an underscore in it.
        foreach (var folder in Folders(workDirectory, "pods").Concat(Folders(workDirectory, "logs")))
        {
            if (!uids.Contains(Path.GetFileName(folder).Split('_')[^1]))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Folders(string workDirectory, string kind)
    {
        var parent = Path.Combine(workDirectory, kind);
        return Directory.Exists(parent) ? Directory.GetDirectories(parent) : [];
    }
}
