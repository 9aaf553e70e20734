using CsCheck;
using k8s.Models;
using Ops.Sandbox.Node.Scheduling;
using Ops.Sandbox.Node.Volumes;
using Ops.Sandbox.Objects;

namespace Ops.SandboxNode.Tests;

public sealed class SchedulerTests
{
    [Fact]
    public void Random_pods_never_overcommit_a_node_and_are_refused_only_when_no_node_has_room() => Gen.Select(Gen.Int[1, 5], Gen.Int[1, 40], Gen.Int[0, int.MaxValue]).Sample(
        (nodes, pods, seed) =>
        {
            var random = new Random(seed);
            var machines = Enumerable.Range(0, nodes).Select(index => Make.Node($"n{index}", cpu: random.Next(1, 9).ToString(), gpus: random.Next(0, 5))).ToList();
            var picture = new ClusterPicture(machines, []);
            for (var index = 0; index < pods; index++)
            {
                var pod = Pod($"p{index}", cpu: $"{random.Next(0, 3000)}m", gpus: random.Next(0, 3));
                var placement = PodScheduler.Choose(pod, picture);
                if (placement.Node is { } node)
                    picture.Place(pod, node);
                else
                    machines.ShouldAllBe(machine => !Fits(pod, machine, picture));
            }
            foreach (var machine in machines)
            {
                foreach (var (name, used) in picture.UsedOn(machine))
                    used.ShouldBeLessThanOrEqualTo(machine.Status.Allocatable.TryGetValue(name, out var total) ? total.ToDecimal() : 0);
            }
        },
        iter: 500, threads: 1);

    [Fact]
    public void A_pod_of_more_priority_takes_the_room_of_as_few_others_as_do_and_of_the_least_important()
    {
        V1Pod Placed(string name, string cpu, int priority, string node)
        {
            var pod = Pod(name, cpu);
            (pod.Spec.Priority, pod.Spec.NodeName, pod.Status) = (priority, node, new() { Phase = "Running" });
            return pod;
        }

        var picture = new ClusterPicture(
            [Make.Node("a", cpu: "4"), Make.Node("b", cpu: "4")],
            [Placed("small", "1", 5, "a"), Placed("large", "3", 5, "a"), Placed("cheap", "2", 1, "b"), Placed("dear", "2", 1000, "b")]);
        var wanted = Pod("urgent", "2");
        wanted.Spec.Priority = 100;

        PodScheduler.Choose(wanted, picture).Message.ShouldBe("0/2 nodes are available: 2 Insufficient cpu.");
        var room = Preemption.Choose(wanted, picture).ShouldNotBeNull();
        (room.Node, string.Join(',', room.Victims.Select(victim => victim.Metadata.Name))).ShouldBe(("b", "cheap"));

        // Where the cheap one is gone, one of equals suffices.
        var left = new ClusterPicture(picture.Nodes, [Placed("small", "1", 5, "a"), Placed("large", "3", 5, "a"), Placed("dear", "4", 1000, "b")]);
        Preemption.Choose(wanted, left)!.Victims.ShouldHaveSingleItem().Metadata.Name.ShouldBe("large");
        wanted.Spec.PreemptionPolicy = "Never";
        Preemption.Choose(wanted, left).ShouldBeNull();
        (wanted.Spec.PreemptionPolicy, wanted.Spec.Priority) = (null, 5);
        Preemption.Choose(wanted, left).ShouldBeNull();
    }

    [Fact]
    public void The_sum_over_containers_and_the_largest_init_container_count()
    {
        var pod = Pod("p", "500m", 1);
        pod.Spec.Containers.Add(new V1Container { Name = "b", Resources = Request(("cpu", "250m")) });
        pod.Spec.InitContainers = [new V1Container { Name = "i", Resources = Request(("cpu", "2"), ("memory", "1Gi")) }];

        var requests = PodAmounts.Requests(pod.Spec);

        requests.Of("cpu").ShouldBe(2m);
        requests.Of("memory").ShouldBe(1024m * 1024 * 1024);
        requests.Of("nvidia.com/gpu").ShouldBe(1m);
    }

    [Fact]
    public void Taints_keep_pods_away_unless_tolerated()
    {
        var node = Make.Node("n");
        node.Spec.Taints = [new V1Taint { Key = "team", Value = "ml", Effect = "NoSchedule" }];
        var pod = Pod("p");

        PodScheduler.Choose(pod, new ClusterPicture([node], [])).Message.ShouldBe("0/1 nodes are available: 1 node(s) had untolerated taint {team: ml}.");
        pod.Spec.Tolerations = [new V1Toleration { Key = "team", OperatorProperty = "Equal", Value = "ml", Effect = "NoSchedule" }];
        PodScheduler.Choose(pod, new ClusterPicture([node], [])).Node.ShouldBe("n");
    }

    [Fact]
    public void A_volume_that_one_node_has_keeps_its_pods_there()
    {
        var claim = new V1PersistentVolumeClaim { Metadata = new() { Name = "data", NamespaceProperty = "default" }, Spec = new() { VolumeName = "v" }, Status = new() { Phase = "Bound" } };
        var here = new V1NodeSelectorTerm { MatchExpressions = [new() { Key = "disk", OperatorProperty = "In", Values = ["a"] }] };
        var volume = new V1PersistentVolume { Metadata = new() { Name = "v" }, Spec = new() { NodeAffinity = new() { Required = new() { NodeSelectorTerms = [here] } } } };
        var (with, without) = (Make.Node("with"), Make.Node("without"));
        with.Metadata.Labels["disk"] = "a";
        var pod = Pod("p");
        pod.Metadata.NamespaceProperty = "default";
        pod.Spec.Volumes = [new() { Name = "data", PersistentVolumeClaim = new() { ClaimName = "data" } }];
        var volumes = new VolumeFit([claim], [volume]);

        PodScheduler.Choose(pod, new ClusterPicture([without, with], [], volumes)).Node.ShouldBe("with");
        PodScheduler.Choose(pod, new ClusterPicture([without], [], volumes)).Message.ShouldBe("0/1 nodes are available: 1 node(s) had volume node affinity conflict.");
    }

    [Fact]
    public void Cordoned_nodes_take_nothing_and_reasons_are_counted()
    {
        var (cordoned, small, far) = (Make.Node("a"), Make.Node("b", cpu: "1"), Make.Node("c"));
        cordoned.Spec.Unschedulable = true;
        far.Spec.Taints = [new V1Taint { Key = "far", Value = "", Effect = "NoExecute" }];

        PodScheduler.Choose(Pod("p", "2"), new ClusterPicture([cordoned, small, far], [])).Message
            .ShouldBe("0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {far: }, 1 node(s) were unschedulable.");
        PodScheduler.Choose(Pod("p"), new ClusterPicture([], [])).Message.ShouldBe("no nodes available to schedule pods");
    }

    [Fact]
    public void Anti_affinity_by_hostname_puts_one_pod_on_a_node()
    {
        V1Pod Apart(string name)
        {
            var pod = Pod(name);
            pod.Metadata.Labels = new Dictionary<string, string> { ["app"] = "db" };
            pod.Spec.Affinity = new V1Affinity { PodAntiAffinity = new V1PodAntiAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [new V1PodAffinityTerm { TopologyKey = "kubernetes.io/hostname", LabelSelector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } } }] } };
            return pod;
        }
        var picture = new ClusterPicture([Make.Node("a"), Make.Node("b")], []);
        var first = PodScheduler.Choose(Apart("0"), picture).Node!;
        picture.Place(Apart("0"), first);
        var second = PodScheduler.Choose(Apart("1"), picture).Node!;
        picture.Place(Apart("1"), second);

        second.ShouldNotBe(first);
        PodScheduler.Choose(Apart("2"), picture).Message.ShouldBe("0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.");
    }

    [Fact]
    public void Required_node_affinity_takes_any_term_and_all_of_a_term()
    {
        var node = Make.Node("n", product: "H100");
        V1Pod With(params V1NodeSelectorTerm[] terms)
        {
            var pod = Pod("p");
            pod.Spec.Affinity = new V1Affinity { NodeAffinity = new V1NodeAffinity { RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector { NodeSelectorTerms = terms } } };
            return pod;
        }
        static V1NodeSelectorTerm Term(params (string Key, string Operator, string[] Values)[] rules) =>
            new() { MatchExpressions = [.. rules.Select(rule => new V1NodeSelectorRequirement { Key = rule.Key, OperatorProperty = rule.Operator, Values = rule.Values })] };

        NodeFit.MatchesNodeAffinity(With(Term(("nvidia.com/gpu.product", "In", ["A100", "H100"]))), node).ShouldBeTrue();
        NodeFit.MatchesNodeAffinity(With(Term(("nvidia.com/gpu.product", "Exists", []), ("zone", "Exists", []))), node).ShouldBeFalse();
        NodeFit.MatchesNodeAffinity(With(Term(("zone", "Exists", [])), Term(("zone", "DoesNotExist", []))), node).ShouldBeTrue();
        NodeFit.MatchesNodeAffinity(With(Term()), node).ShouldBeFalse();
    }

    private static bool Fits(V1Pod pod, V1Node node, ClusterPicture picture) => PodAmounts.Requests(pod.Spec).All(request =>
        request.Value.ToDecimal() == 0 || request.Value.ToDecimal() <= (node.Status.Allocatable.TryGetValue(request.Key, out var total) ? total.ToDecimal() : 0) - picture.UsedOn(node).GetValueOrDefault(request.Key));

    private static V1Pod Pod(string name, string cpu = "0", int gpus = 0)
    {
        var pod = Make.Pod(name);
        pod.Metadata.Uid = name;
        pod.Spec.Containers[0].Resources = Request(("cpu", cpu), ("nvidia.com/gpu", gpus.ToString()));
        return pod;
    }

    private static V1ResourceRequirements Request(params (string Name, string Amount)[] amounts) =>
        new() { Requests = amounts.ToDictionary(one => one.Name, one => new ResourceQuantity(one.Amount)) };
}
