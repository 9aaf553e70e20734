namespace Ops.Operator.Tests;

internal static class Repository
{
    /// <summary>The folder that holds Ops.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Ops.sln")))
                return folder;
        }

        throw new InvalidOperationException($"No Ops.sln above {AppContext.BaseDirectory}.");
    }
}
