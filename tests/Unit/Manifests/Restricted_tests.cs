using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.Planning.Pools;

namespace Ops.Manifests.Tests;

/// <summary>Every pod of Ops may run where the API server enforces the strictest profile.</summary>
public sealed class Restricted_tests
{
    public static TheoryData<string> Deployments => [.. Kustomization.Read("deploy").Where(document => document.Kind == "Deployment").Select(document => document.Name)];

    [Theory]
    [MemberData(nameof(Deployments))]
    public void Pods_of_the_control_plane_satisfy_it(string name) => RestrictedProfile.Violations(Pod(name)).ShouldBeEmpty();

    [Theory]
    [InlineData("simulated")]
    [InlineData("vllm")]
    [InlineData("llamacpp")]
    public void Pods_that_the_operator_makes_for_a_pool_satisfy_it(string engine)
    {
        var pool = new ModelPool
        {
            Metadata = new() { Name = "llama", NamespaceProperty = "default", Uid = "uid-1" },
            Spec = new()
            {
                Model = "meta-llama/Llama-3.1-8B-Instruct",
                Engine = new() { Type = engine },
                Gpu = new() { Product = "NVIDIA-H100-80GB-HBM3" },
            },
        };

        var deployment = PoolPlanner.Plan(pool, null, null).Deployment.ShouldNotBeNull();

        RestrictedProfile.Violations(deployment.Spec.Template.Spec).ShouldBeEmpty();
    }

    [Fact]
    public void The_namespace_enforces_it()
    {
        var system = Kustomization.Read("deploy").Single(document => document.Kind == "Namespace").As<V1Namespace>();

        system.Metadata.Labels["pod-security.kubernetes.io/enforce"].ShouldBe("restricted");
    }

    [Theory]
    [InlineData("""{"spec":{"hostNetwork":true}}""", "host namespaces")]
    [InlineData("""{"spec":{"securityContext":{"runAsNonRoot":false}}}""", "runAsNonRoot")]
    [InlineData("""{"spec":{"securityContext":{"runAsUser":0}}}""", "root")]
    [InlineData("""{"spec":{"securityContext":{"seccompProfile":{"type":"Unconfined"}}}}""", "seccompProfile")]
    [InlineData("""{"spec":{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]}}}""", "sysctl")]
    [InlineData("""{"spec":{"volumes":[{"name":"v","hostPath":{"path":"/"}}]}}""", "volume")]
    [InlineData("""{"container":{"securityContext":{"allowPrivilegeEscalation":true}}}""", "allowPrivilegeEscalation")]
    [InlineData("""{"container":{"securityContext":{"privileged":true}}}""", "privileged")]
    [InlineData("""{"container":{"securityContext":{"capabilities":{"drop":["NET_RAW"]}}}}""", "drop")]
    [InlineData("""{"container":{"securityContext":{"capabilities":{"drop":["ALL"],"add":["SYS_ADMIN"]}}}}""", "adds")]
    [InlineData("""{"container":{"securityContext":{"procMount":"Unmasked"}}}""", "procMount")]
    [InlineData("""{"container":{"securityContext":{"seLinuxOptions":{"type":"spc_t"}}}}""", "SELinux")]
    [InlineData("""{"container":{"securityContext":{"appArmorProfile":{"type":"Unconfined"}}}}""", "AppArmor")]
    [InlineData("""{"container":{"ports":[{"containerPort":1,"hostPort":1}]}}""", "host port")]
    [InlineData("""{"container":{"livenessProbe":{"httpGet":{"host":"metadata","port":80}}}}""", "host")]
    public void A_pod_that_breaks_one_field_of_it_is_found(string change, string complaint)
    {
        var pod = Pod("operator");
        var patch = JsonNode.Parse(change)!.AsObject();
        var body = JsonNode.Parse(KubernetesJson.Serialize(pod))!.AsObject();
        Merge(patch.ContainsKey("spec") ? body : body["containers"]![0]!.AsObject(), patch.First().Value!.AsObject());

        RestrictedProfile.Violations(KubernetesJson.Deserialize<V1PodSpec>(body.ToJsonString())).ShouldHaveSingleItem().ShouldContain(complaint);
    }

    private static V1PodSpec Pod(string deployment) =>
        Kustomization.Read("deploy").Single(document => document.Kind == "Deployment" && document.Name == deployment).As<V1Deployment>().Spec.Template.Spec;

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is JsonObject inner && target[name] is JsonObject old)
                Merge(old, inner);
            else
                target[name] = value?.DeepClone();
        }
    }
}
