using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Ops.Architecture;

/// <summary>One project file of the solution and what it says about its neighbours.</summary>
/// <param name="Name">File name without extension, which is also the assembly's name.</param>
/// <param name="Folder">Folder relative to the root, with forward slashes.</param>
/// <param name="References">Projects whose types it compiles against.</param>
/// <param name="BuildsFirst">Projects that it only wants built before itself: executables that it starts.</param>
internal sealed record Project(string Name, string Folder, IReadOnlyList<string> References, IReadOnlyList<string> BuildsFirst);

/// <summary>Reads the project files of the working tree that this test was built from.</summary>
internal static class House
{
    // Folders of the root that hold projects; everything else (artifacts, .git, .ops) is not source.
    private static readonly string[] SourceFolders = ["controller", "router", "rca", "dashboard", "sandbox", "tests"];

    /// <summary>The folder that holds Ops.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every project file, in order of its path.</summary>
    public static IReadOnlyList<Project> Projects { get; } = ReadProjects();

    /// <summary>Every file of a folder of the root with one of these extensions, as full paths.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions)
    {
        var path = Path.Combine(Root, folder);
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file => extensions.Contains(Path.GetExtension(file)))
            : [];
    }

    private static List<Project> ReadProjects() =>
        [.. SourceFolders.SelectMany(folder => Files(folder, ".csproj")).Order(StringComparer.Ordinal).Select(Read)];

    private static Project Read(string file)
    {
        var references = XDocument.Load(file).Descendants("ProjectReference").ToList();
        return new Project(
            Path.GetFileNameWithoutExtension(file),
            Path.GetRelativePath(Root, Path.GetDirectoryName(file)!).Replace('\\', '/'),
            [.. references.Where(reference => !IsBuildOrderOnly(reference)).Select(NameOf)],
            [.. references.Where(IsBuildOrderOnly).Select(NameOf)]);
    }

    private static bool IsBuildOrderOnly(XElement reference) =>
        string.Equals((string?)reference.Attribute("ReferenceOutputAssembly"), "false", StringComparison.OrdinalIgnoreCase);

    private static string NameOf(XElement reference) =>
        Path.GetFileNameWithoutExtension(((string?)reference.Attribute("Include") ?? "").Replace('\\', '/'));

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        // The test may run from artifacts/ or from a copy, so both the executable and the source are asked.
        foreach (var start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(thisFile) })
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
                if (File.Exists(Path.Combine(folder, "Ops.sln")))
                    return folder;
        throw new InvalidOperationException($"No Ops.sln above {AppContext.BaseDirectory} or {thisFile}.");
    }
}
