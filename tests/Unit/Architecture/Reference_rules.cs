namespace Ops.Architecture;

/// <summary>References between projects go one way; the table below is the whole rule.</summary>
public sealed class Reference_rules
{
    // Project -> the projects that it may compile against. A new project needs a line here, which is the point:
    // adding an edge is a decision that a reader of this table sees.
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Ops.Api"] = [],
        ["Ops.Neural"] = [],
        ["Ops.Picking"] = [],
        ["Ops.Profiles"] = [],
        ["Ops.Traces"] = [],
        ["Ops.Storage"] = [],
        ["Ops.Rca"] = ["Ops.Neural"],
        ["Ops.Learning"] = ["Ops.Picking", "Ops.Neural", "Ops.Profiles", "Ops.Traces"],
        ["Ops.Rca.Sources"] = ["Ops.Rca"],
        ["Ops.Rca.Tool"] = ["Ops.Rca", "Ops.Rca.Sources"],
        ["Ops.Kube"] = ["Ops.Api"],
        ["Ops.Planning"] = ["Ops.Api"],
        ["Ops.Llm"] = ["Ops.Api"],
        ["Ops.Healing"] = ["Ops.Api", "Ops.Kube", "Ops.Llm"],
        ["Ops.Hosting"] = ["Ops.Kube"],
        ["Ops.PowerAgent"] = ["Ops.Api", "Ops.Hosting", "Ops.Kube"],
        ["Ops.Operator"] = ["Ops.Api", "Ops.Hosting", "Ops.Kube", "Ops.Llm", "Ops.Planning", "Ops.Healing", "Ops.Storage", "Ops.Learning", "Ops.Profiles"],
        ["Ops.Router"] = ["Ops.Api", "Ops.Kube", "Ops.Picking", "Ops.Profiles"],
        ["Ops.Rca.Service"] = ["Ops.Api", "Ops.Hosting", "Ops.Kube", "Ops.Rca", "Ops.Rca.Sources"],
        ["Ops.WhatIf"] = ["Ops.Api", "Ops.Learning", "Ops.Picking", "Ops.Profiles"],
        ["Ops.Dashboard"] = ["Ops.Api", "Ops.Kube", "Ops.Llm", "Ops.WhatIf"],
        ["Ops.Sandbox.Objects"] = ["Ops.Api"],
        ["Ops.Sandbox.Api"] = ["Ops.Sandbox.Objects", "Ops.Api"],
        ["Ops.Sandbox.Node"] = ["Ops.Sandbox.Api", "Ops.Sandbox.Objects", "Ops.Api"],
        ["Ops.Sandbox.ModelServer"] = ["Ops.Profiles"],
        ["Ops.Sandbox.ShopPlan"] = [],
        ["Ops.Sandbox.Shop"] = ["Ops.Sandbox.ShopPlan"],
        ["Ops.Load"] = ["Ops.Traces"],
        ["Ops.Cli"] = ["Ops.Sandbox.Api", "Ops.Sandbox.Node", "Ops.Sandbox.ShopPlan", "Ops.Load", "Ops.Traces", "Ops.Api", "Ops.Learning", "Ops.WhatIf"],
    };

    // Executables that ./ops starts, as pods or as verbs; it needs them built, never their types.
    private static readonly string[] StartedByCli = ["Ops.Operator", "Ops.PowerAgent", "Ops.Router", "Ops.Rca.Service", "Ops.Dashboard", "Ops.Sandbox.ModelServer", "Ops.Sandbox.Shop", "Ops.Rca.Tool"];

    private static IEnumerable<Project> Products => House.Projects.Where(project => !IsTest(project));

    public static TheoryData<string> ProductNames => [.. Products.Select(project => project.Name)];

    [Theory]
    [MemberData(nameof(ProductNames))]
    public void A_project_references_only_what_the_table_allows(string name)
    {
        var project = Products.Single(candidate => candidate.Name == name);

        Allowed.ShouldContainKey(name, $"{name} has no line in the table of allowed references");
        project.References.Except(Allowed[name]).ShouldBeEmpty();
    }

    [Fact]
    public void Only_the_command_line_has_build_order_references_and_only_to_executables_it_starts()
    {
        foreach (var project in Products)
            project.BuildsFirst.Except(project.Name == "Ops.Cli" ? StartedByCli : []).ShouldBeEmpty(project.Name);
    }

    [Fact]
    public void Nothing_outside_tests_and_the_sandbox_references_the_sandbox()
    {
        var sandbox = House.Projects.Where(project => IsUnder(project, "sandbox")).Select(project => project.Name).ToHashSet();

        foreach (var project in Products.Where(project => !IsUnder(project, "sandbox")))
            project.References.Concat(project.BuildsFirst).Where(sandbox.Contains).ShouldBeEmpty(project.Name);
    }

    [Fact]
    public void No_product_references_a_test()
    {
        var tests = House.Projects.Where(IsTest).Select(project => project.Name).ToHashSet();

        foreach (var project in Products)
            project.References.Concat(project.BuildsFirst).Where(tests.Contains).ShouldBeEmpty(project.Name);
    }

    [Fact]
    public void The_table_allows_no_cycle()
    {
        var finished = new HashSet<string>();
        foreach (var name in Allowed.Keys)
            Visit(name, []);

        void Visit(string name, HashSet<string> path)
        {
            path.Add(name).ShouldBeTrue($"{name} reaches itself: {string.Join(" -> ", path)}");
            if (!finished.Contains(name))
                foreach (var next in Allowed[name])
                    Visit(next, path);
            path.Remove(name);
            finished.Add(name);
        }
    }

    private static bool IsTest(Project project) => IsUnder(project, "tests");

    private static bool IsUnder(Project project, string folder) => project.Folder.StartsWith(folder + "/", StringComparison.Ordinal);
}
