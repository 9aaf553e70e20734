using k8s.Models;
using Ops.Rca.Service.Topology;

namespace Ops.Rca.Service.Tests;

/// <summary>Which service a pod and an address belong to, and where a pod's metrics are.</summary>
public sealed class Topology_rules
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

    [Fact]
    public void A_pod_is_part_of_the_Service_that_names_it_else_of_its_workload()
    {
        var map = new TopologyMap([Pod("web-5d4b7-x", "10.0.0.1"), Pod("batch-5d4b7-y", "10.0.0.2")], [Service("web", "10.96.0.1")], [Slice("web", "web-5d4b7-x")], Now);

        map.Targets.Select(target => (target.Instance, target.Service, target.Page.ToString())).ShouldBe(
            [("shop/web-5d4b7-x", "shop/web", "http://10.0.0.1:9100/metrics"), ("shop/batch-5d4b7-y", "shop/batch", "http://10.0.0.2:9100/metrics")]);
        map.Resolve("shop/cart", "10.96.0.1:80").ShouldBe("shop/web");
        map.Resolve("shop/cart", "http://10.0.0.2:9100/x").ShouldBe("shop/batch");
        map.Resolve("shop/cart", "web").ShouldBe("shop/web");
        map.HasNamespace("shop").ShouldBeTrue();
        map.HasNamespace("elsewhere").ShouldBeFalse();
    }

    [Theory]
    [InlineData("prometheus.io/scrape", "false")]
    [InlineData("prometheus.io/port", "99999")]
    public void A_pod_is_not_read_against_its_annotations(string annotation, string value)
    {
        var pod = Pod("web-5d4b7-x", "10.0.0.1");
        pod.Metadata.Annotations[annotation] = value;

        new TopologyMap([pod], [], [], Now).Targets.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("//evil.example.com/metrics")]
    [InlineData("/metrics#@evil.example.com")]
    [InlineData("/..//evil.example.com:80/")]
    public void A_path_never_leads_to_another_host(string path)
    {
        var pod = Pod("web-5d4b7-x", "10.0.0.1");
        pod.Metadata.Annotations["prometheus.io/path"] = path;

        new TopologyMap([pod], [], [], Now).Targets.ShouldHaveSingleItem().Page.Authority.ShouldBe("10.0.0.1:9100");
    }

    [Fact]
    public void A_pod_that_starts_is_let_alone_and_one_that_stopped_being_ready_is_not()
    {
        var (starting, broken) = (Pod("web-5d4b7-x", "10.0.0.1"), Pod("web-5d4b7-y", "10.0.0.2"));
        starting.Status.Conditions[0].Status = broken.Status.Conditions[0].Status = "False";
        starting.Status.StartTime = Now.UtcDateTime.AddSeconds(-10);

        new TopologyMap([starting, broken], [], [], Now).Targets.ShouldHaveSingleItem().Instance.ShouldBe("shop/web-5d4b7-y");
    }

    private static V1Pod Pod(string name, string ip) => new()
    {
        Metadata = new()
        {
            Name = name,
            NamespaceProperty = "shop",
            Annotations = new Dictionary<string, string> { ["prometheus.io/scrape"] = "true", ["prometheus.io/port"] = "9100" },
            Labels = new Dictionary<string, string> { ["pod-template-hash"] = "5d4b7" },
            OwnerReferences = [new() { Kind = "ReplicaSet", Name = name[..^2], Controller = true }],
        },
        Spec = new() { Containers = [] },
        Status = new() { Phase = "Running", PodIP = ip, StartTime = Now.UtcDateTime.AddHours(-1), Conditions = [new() { Type = "Ready", Status = "True" }] },
    };

    private static V1Service Service(string name, string address) => new() { Metadata = new() { Name = name, NamespaceProperty = "shop" }, Spec = new() { ClusterIPs = [address] } };

    private static V1EndpointSlice Slice(string service, string pod) => new()
    {
        Metadata = new() { Name = service + "-1", NamespaceProperty = "shop", Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = service } },
        Endpoints = [new() { Addresses = [], TargetRef = new() { Kind = "Pod", Name = pod } }],
    };
}
