namespace Ops.Cli;

/// <summary>Where things lie in the working tree that this executable was built from.</summary>
internal static class Checkout
{
    /// <summary>The folder that holds Ops.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of manifests.</summary>
    public static string Manifests => Path.Combine(Root, "manifests");

    /// <summary>
    /// The built executable of a project. This executable lies in artifacts/bin/Ops.Cli/release, its neighbours in
    /// artifacts/bin/NAME/release.
    /// </summary>
    public static string Executable(string project)
    {
        var own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        var bin = Path.GetDirectoryName(Path.GetDirectoryName(own))!;
        return Path.Combine(bin, project, Path.GetFileName(own), OperatingSystem.IsWindows() ? project + ".exe" : project);
    }

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Ops.sln")))
                return folder;
        throw new UserError($"No Ops.sln above {AppContext.BaseDirectory}: run ./ops from a checkout of the project.");
    }
}
