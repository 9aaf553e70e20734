namespace Ops.Architecture;

/// <summary>Where project files lie and what product code may know.</summary>
public sealed class Layout_rules
{
    private static readonly string[] ProductFolders = ["controller", "router", "rca", "dashboard"];

    [Fact]
    public void No_project_file_lies_above_another()
    {
        // A project takes every source file below it, so one above another would compile the other's files too.
        foreach (var upper in House.Projects)
            House.Projects.Where(lower => lower != upper && (lower.Folder + "/").StartsWith(upper.Folder + "/", StringComparison.Ordinal))
                .Select(lower => lower.Name).ShouldBeEmpty($"below {upper.Folder}");
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(House.Root, "Ops.sln")).Replace('\\', '/');

        House.Projects.Where(project => !solution.Contains($"{project.Folder}/{project.Name}.csproj", StringComparison.Ordinal))
            .Select(project => project.Name).ShouldBeEmpty();
    }

    [Fact]
    public void Every_project_of_the_solution_exists()
    {
        var named = File.ReadAllLines(Path.Combine(House.Root, "Ops.sln"))
            .SelectMany(line => line.Split('"')).Where(part => part.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(part => part.Replace('\\', '/'));

        named.Except(House.Projects.Select(project => $"{project.Folder}/{project.Name}.csproj")).ShouldBeEmpty();
    }

    [Fact]
    public void A_test_project_ends_in_Tests_and_only_test_projects_do()
    {
        // ./ops test finds test executables by this name; Ops.Testing is the library that they share.
        foreach (var project in House.Projects.Where(project => project.Name.EndsWith(".Tests", StringComparison.Ordinal)))
            project.Folder.ShouldStartWith("tests/");
    }

    [Fact]
    public void Product_code_never_mentions_the_sandbox()
    {
        // The same executables and manifests run in the sandbox and on a real cluster, so none may ask where it is.
        var offenders = ProductFolders.SelectMany(folder => House.Files(folder, ".cs", ".csproj", ".json", ".razor"))
            .Where(file => Path.GetFileName(file) != "packages.lock.json")
            .SelectMany(file => File.ReadLines(file).Select((text, index) => (file, text, line: index + 1)))
            .Where(found => found.text.Contains("sandbox", StringComparison.OrdinalIgnoreCase))
            .Select(found => $"{Path.GetRelativePath(House.Root, found.file)}:{found.line}: {found.text.Trim()}");

        offenders.ShouldBeEmpty();
    }
}
