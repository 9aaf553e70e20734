namespace Ops.Testing;

/// <summary>Where this solution lies, for tests that run its executables and apply its manifests.</summary>
public static class Repository
{
    /// <summary>The folder that holds Ops.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>An executable of the solution in the configuration of the running test.</summary>
    /// <exception cref="FileNotFoundException">It was not built; the message says how.</exception>
    public static string Executable(string project)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var file = Path.Combine(Root, "artifacts", "bin", project, configuration, project);
        return File.Exists(file) ? file : throw new FileNotFoundException($"{project} is not built; run ./ops test, or dotnet build -c {configuration} Ops.sln", file);
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ops.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException("Ops.sln stands in no folder above the running test");
    }
}
