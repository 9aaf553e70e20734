namespace Ops.Picking.Replay;

/// <summary>The public traces, where the data folder is present.</summary>
internal static class TraceData
{
    internal static string Missing(string file) => $"{file} is not here: it is published data that is never committed. Set OPS_DATA to its folder.";

    /// <summary>Path of a trace in the folder named by OPS_DATA, or in shared/data beside or above the checkout; null where there is none.</summary>
    internal static string? Find(string file)
    {
        if (Environment.GetEnvironmentVariable("OPS_DATA") is { } named && File.Exists(Path.Combine(named, "traces", file)))
            return Path.Combine(named, "traces", file);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "data", "traces", file);
            if (File.Exists(candidate))
                return candidate;
        }

        return null;
    }
}
