using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Planning.Pools;
using Ops.Testing;

namespace Ops.Images.Tests;

/// <summary>The pods that run the images: of manifests/deploy, and as the operator makes them for a pool.</summary>
internal static class Pods
{
    /// <summary>The one whose pod is root on its node, to set GPUs' clocks.</summary>
    public const string PowerAgent = "controller/PowerAgent/Ops.PowerAgent.csproj";

    /// <summary>Projects that become images, with the pod that runs each.</summary>
    public static readonly IReadOnlyDictionary<string, Func<V1PodSpec>> ByProject = new Dictionary<string, Func<V1PodSpec>>
    {
        ["controller/Operator/Ops.Operator.csproj"] = () => Deployed("operator"),
        [PowerAgent] = PrivilegedAgent,
        ["dashboard/Ops.Dashboard.csproj"] = () => Deployed("dashboard"),
        ["rca/Service/Ops.Rca.Service.csproj"] = () => Deployed("rca"),
        ["router/Proxy/Ops.Router.csproj"] = () => Deployed("router"),
        ["sandbox/ModelServer/Ops.Sandbox.ModelServer.csproj"] = Replica,
    };

    private static V1PodSpec Deployed(string name)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "manifests", "deploy", name + ".yaml"));
        return KubernetesYaml.Deserialize<V1Deployment>(text.Split("\n---\n")[0], strict: true).Spec.Template.Spec;
    }

    private static V1PodSpec PrivilegedAgent() =>
        KubernetesYaml.Deserialize<V1DaemonSet>(File.ReadAllText(Path.Combine(Repository.Root, "manifests", "power-agent", "daemonset.yaml")), strict: true).Spec.Template.Spec;

    private static V1PodSpec Replica()
    {
        var pool = new ModelPool
        {
            Metadata = new() { Name = "llama", NamespaceProperty = "default", Uid = "uid-1" },
            Spec = new()
            {
                Model = "meta-llama/Llama-3.1-8B-Instruct",
                Engine = new() { Type = EngineTypes.Simulated },
                Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" },
            },
        };
        return PoolPlanner.Plan(pool, null, null).Deployment!.Spec.Template.Spec;
    }
}
