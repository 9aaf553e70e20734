using System.Diagnostics;
using System.Text.Json.Nodes;
using Ops.Cli.Kustomize;

namespace Ops.Cli.Tests;

/// <summary>The reader against what kubectl makes of the same folders, and its refusals.</summary>
public sealed class Kustomize_tests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("deploy")]
    [InlineData("samples")]
    [InlineData("samples/shop")]
    public void The_projects_manifests_read_as_kubectl_reads_them(string name)
    {
        var path = Path.Combine(Checkout.Manifests, name);

        Text(KustomizeReader.Read(path)).ShouldBe(ByKubectl(path));
    }

    [Fact]
    public void A_namespace_is_laid_over_objects_and_subjects_as_kubectl_does()
    {
        folder.Write("kustomization.yaml", "namespace: shop\nresources: [all.yaml, part]\n");
        folder.Write("part/kustomization.yaml", "resources: [more.yaml]\n");
        folder.Write("part/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inner, namespace: elsewhere}\ndata: {on: \"true\", number: \"017\"}\n");
        folder.Write("all.yaml", """
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: cashier}
            ---
            # A comment between documents, and an empty one.
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRoleBinding
            metadata: {name: cashier}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
            subjects:
            - {kind: ServiceAccount, name: cashier}
            - {kind: ServiceAccount, name: stranger, namespace: other}
            - {kind: User, name: somebody, apiGroup: rbac.authorization.k8s.io}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: types}
            data:
              block: |
                two
                lines
              quoted: "1"
            ---
            apiVersion: example.test/v1
            kind: Widget
            metadata: {name: w}
            spec: {whole: 12, real: 1.5, yes: true, none: null, text: 1.2.3, list: [a, 2, false]}
            """);

        Text(KustomizeReader.Read(folder.Path)).ShouldBe(ByKubectl(folder.Path));
    }

    [Fact]
    public void A_field_that_is_not_read_is_an_error_that_names_it()
    {
        folder.Write("kustomization.yaml", "resources: []\npatches: []\n");

        Should.Throw<UserError>(() => KustomizeReader.Read(folder.Path)).Message.ShouldContain("uses 'patches', which ops does not read");
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        folder.Write("kustomization.yaml", "resources: [gone.yaml]\n");

        Should.Throw<UserError>(() => KustomizeReader.Read(folder.Path)).Message.ShouldContain("names gone.yaml, which does not exist");
    }

    [Fact]
    public void Broken_YAML_is_reported_with_file_and_line()
    {
        folder.Write("kustomization.yaml", "resources: [bad.yaml]\n");
        folder.Write("bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x\n");

        var message = Should.Throw<UserError>(() => KustomizeReader.Read(folder.Path)).Message;
        message.ShouldContain("bad.yaml line ");
    }

    [Fact]
    public void A_folder_that_includes_itself_ends_in_an_error()
    {
        folder.Write("kustomization.yaml", "resources: [.]\n");

        Should.Throw<UserError>(() => KustomizeReader.Read(folder.Path)).Message.ShouldContain("includes itself");
    }

    [Fact]
    public void An_object_without_a_name_is_refused()
    {
        folder.Write("kustomization.yaml", "resources: [a.yaml]\n");
        folder.Write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n");

        Should.Throw<UserError>(() => KustomizeReader.Read(folder.Path)).Message.ShouldContain("without apiVersion, kind or metadata.name");
    }

    // As a sorted list of canonical texts: kubectl orders objects by kind, the reader keeps the files' order.
    private static IReadOnlyList<string> Text(IEnumerable<Manifest> manifests) =>
        [.. manifests.Select(manifest => Canonical(manifest.Body)!.ToJsonString()).Order(StringComparer.Ordinal)];

    private IReadOnlyList<string> ByKubectl(string path)
    {
        Assert.SkipUnless(KubectlExists(), "needs kubectl on PATH");
        using var process = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", path]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, process.StandardError.ReadToEnd());
        var file = folder.Write("by-kubectl.yaml", text);
        return [.. YamlFile.Read(file, "by-kubectl.yaml").Select(node => Canonical(node)!.ToJsonString()).Order(StringComparer.Ordinal)];
    }

    private static JsonNode? Canonical(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, Canonical(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Canonical)]),
        _ => node?.DeepClone(),
    };

    private static bool KubectlExists() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(part => File.Exists(Path.Combine(part, "kubectl")));
}
