namespace Ops.Bench.Rca;

/// <summary>Where the public data sets lie.</summary>
internal static class RcaData
{
    /// <summary>The folder of the checkout.</summary>
    public static string Root()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Ops.sln")))
                return folder;
        throw new BenchCannotRunException("No Ops.sln above this executable: run it from a checkout.");
    }
}
