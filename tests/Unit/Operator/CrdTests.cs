using System.Text.Json.Nodes;
using Ops.Operator.Crds;

namespace Ops.Operator.Tests;

public sealed class CrdTests
{
    public static TheoryData<string> Files() => [.. CrdGenerator.Files().Select(file => file.FileName)];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_definition_in_the_manifests_is_current(string fileName)
    {
        var path = Path.Combine(Repository.Root, "manifests", "crds", fileName);
        File.ReadAllText(path).ShouldBe(
            CrdGenerator.Files().Single(file => file.FileName == fileName).Yaml,
            $"{path} is not what the types say; run Ops.Operator crds --out manifests/crds");
    }

    [Fact]
    public void The_manifests_hold_no_definition_that_no_type_has() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "manifests", "crds"), "*.yaml").Select(path => Path.GetFileName(path)!)
            .Where(name => name != "kustomization.yaml").Order()
            .ShouldBe(CrdGenerator.Files().Select(file => file.FileName).Order());

    [Fact]
    public void Every_field_of_a_spec_has_words()
    {
        foreach (var (path, schema) in Nodes().Where(node => node.Path.Contains(".spec.") && !node.Path.EndsWith("[]", StringComparison.Ordinal) && !node.Path.EndsWith("{}", StringComparison.Ordinal)))
        {
            // Names inside Kubernetes' own references speak for themselves.
            if (!path.Contains("Ref."))
                ((string?)schema["description"]).ShouldNotBeNullOrWhiteSpace(path);
        }
    }

    [Fact]
    public void Everything_in_a_spec_has_a_bound_so_that_rules_have_a_bounded_cost()
    {
        foreach (var (path, schema) in Nodes().Where(node => node.Path.Contains(".spec")))
        {
            var bounded = (string?)schema["type"] switch
            {
                "array" => schema.ContainsKey("maxItems"),
                "string" => schema.ContainsKey("maxLength") || schema.ContainsKey("enum"),
                "object" => !schema.ContainsKey("additionalProperties") || schema.ContainsKey("maxProperties"),
                "integer" => schema.ContainsKey("minimum") && schema.ContainsKey("maximum"),
                _ => true,
            };
            bounded.ShouldBeTrue($"{path}: {schema.ToJsonString()}");
        }
    }

    [Fact]
    public void Every_node_has_a_type_as_structural_schemas_need() =>
        Nodes().ShouldAllBe(node => node.Schema.ContainsKey("type"));

    [Fact]
    public void Every_rule_says_what_to_do_about_a_named_field()
    {
        var messages = Nodes().SelectMany(node => node.Schema["x-kubernetes-validations"] as JsonArray ?? []).Select(rule => (string)rule!["message"]!).ToList();
        messages.Count.ShouldBeGreaterThan(8);
        messages.ShouldAllBe(message => message.Contains("spec.") || message.Contains("metadata.name") || message.StartsWith("quality"));
        messages.ShouldAllBe(message => message.Contains(';'), "the part after the semicolon is the fix");
    }

    [Fact]
    public void The_mode_writes_the_files_and_refuses_wrong_arguments()
    {
        var folder = Directory.CreateTempSubdirectory("ops-crds-");
        try
        {
            using var output = new StringWriter();
            using var error = new StringWriter();
            CrdCommand.Run(["--out", folder.FullName], output, error).ShouldBe(0);
            folder.EnumerateFiles().Select(file => file.Name).Order().ShouldBe(CrdGenerator.Files().Select(file => file.FileName).Order());
            CrdCommand.Run(["--output", "x"], output, error).ShouldBe(2);
            error.ToString().ShouldContain("usage");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<(string Path, JsonObject Schema)> Nodes()
    {
        var result = new List<(string, JsonObject)>();
        foreach (var crd in Definitions.All)
            Walk($"{crd["spec"]!["names"]!["kind"]}", crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject(), result);
        return result;
    }

    private static void Walk(string path, JsonObject schema, List<(string Path, JsonObject Schema)> result)
    {
        result.Add((path, schema));
        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
            Walk($"{path}.{name}", child!.AsObject(), result);
        if (schema["items"] is JsonObject items)
            Walk(path + "[]", items, result);
        if (schema["additionalProperties"] is JsonObject values)
            Walk(path + "{}", values, result);
    }
}
