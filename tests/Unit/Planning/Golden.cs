using System.Runtime.CompilerServices;
using k8s;

namespace Ops.Planning.Tests;

/// <summary>Compares objects with YAML files beside the tests. UPDATE_GOLDEN=1 writes the files anew; read the diff before committing.</summary>
internal static class Golden
{
    public static void ShouldMatch(string name, params object?[] documents)
    {
        var path = Path.Combine(Folder(), name + ".yaml");
        var actual = string.Join("---\n", documents.Where(document => document is not null).Select(document => KubernetesYaml.Serialize(document).ReplaceLineEndings("\n").TrimEnd() + "\n"));
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        File.Exists(path).ShouldBeTrue($"{path} is missing; run once with UPDATE_GOLDEN=1");
        actual.ShouldBe(File.ReadAllText(path), $"differs from {path}; if the change is meant, run with UPDATE_GOLDEN=1");
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
