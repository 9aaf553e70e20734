using k8s.Models;

namespace Ops.Manifests.Tests;

/// <summary>What a cluster operator expects of every Deployment and of the folders as wholes.</summary>
public sealed class Deploy_tests
{
    // Built-in kinds that Kubernetes 1.20, the oldest supported version, serves and 1.36 still does.
    private static readonly string[] ServedSince120 =
    [
        "v1 Namespace", "v1 Service", "v1 ServiceAccount", "apps/v1 Deployment", "networking.k8s.io/v1 NetworkPolicy",
        "rbac.authorization.k8s.io/v1 ClusterRole", "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
        "rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 RoleBinding",
        "apiextensions.k8s.io/v1 CustomResourceDefinition",
    ];

    public static TheoryData<string> Deployments => Restricted_tests.Deployments;

    [Theory]
    [MemberData(nameof(Deployments))]
    public void A_container_writes_nowhere_and_has_probes_and_bounds(string name)
    {
        var deployment = Deployment(name);
        foreach (var container in deployment.Spec.Template.Spec.Containers)
        {
            container.SecurityContext.ReadOnlyRootFilesystem.ShouldBe(true);
            foreach (var probe in new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe })
                container.Ports.Select(port => port.Name).ShouldContain(probe.ShouldNotBeNull().HttpGet.Port.Value);
            container.Resources.Requests.Keys.ShouldBe(["cpu", "memory"], ignoreOrder: true);
            // No limit of CPU: throttling a router or an operator makes latencies and protects nobody that requests do not.
            container.Resources.Limits.Keys.ShouldBe(["memory"]);
        }
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void Its_pods_spread_over_nodes_but_start_on_one(string name)
    {
        var template = Deployment(name).Spec.Template;
        var spread = template.Spec.TopologySpreadConstraints.ShouldHaveSingleItem();

        spread.TopologyKey.ShouldBe("kubernetes.io/hostname");
        spread.WhenUnsatisfiable.ShouldBe("ScheduleAnyway");
        Selects(spread.LabelSelector, template.Metadata.Labels).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void Its_account_and_its_way_in_are_part_of_the_manifests(string name)
    {
        var all = Kustomization.Read("deploy");
        var deployment = Deployment(name);
        var template = deployment.Spec.Template;

        all.ShouldContain(document => document.Kind == "ServiceAccount" && document.Name == template.Spec.ServiceAccountName && document.Namespace == deployment.Metadata.NamespaceProperty);
        var opened = all.Where(document => document.Kind == "NetworkPolicy").Select(document => document.As<V1NetworkPolicy>())
            .Where(policy => policy.Spec.PodSelector.MatchLabels is not null && Selects(policy.Spec.PodSelector, template.Metadata.Labels))
            .SelectMany(policy => policy.Spec.Ingress ?? []).SelectMany(rule => rule.Ports).Select(port => port.Port.Value);
        opened.ShouldBe(template.Spec.Containers.SelectMany(container => container.Ports).Select(port => $"{port.ContainerPort}"));
    }

    [Fact]
    public void The_namespace_admits_no_traffic_that_no_policy_names()
    {
        var policies = Kustomization.Read("production").Where(document => document.Kind == "NetworkPolicy").Select(document => document.As<V1NetworkPolicy>().Spec).ToList();

        // An empty selector means every pod, and a listed type without rules means nothing of it.
        foreach (var type in (string[])["Ingress", "Egress"])
            policies.ShouldContain(spec => spec.PodSelector.MatchLabels == null && spec.PolicyTypes.Contains(type) && spec.Ingress == null && spec.Egress == null);
    }

    [Fact]
    public void Everything_in_deploy_is_served_by_the_oldest_supported_version() =>
        Kustomization.Read("deploy").Select(document => $"{document.ApiVersion} {document.Kind}").Except(ServedSince120).ShouldBeEmpty();

    [Fact]
    public void Production_is_deploy_and_more_with_a_disruption_budget_for_every_Deployment()
    {
        var production = Kustomization.Read("production");
        Kustomization.Read("deploy").Except(production).ShouldBeEmpty();

        var budgets = production.Where(document => document.Kind == "PodDisruptionBudget").Select(document => document.As<V1PodDisruptionBudget>().Spec).ToList();
        foreach (var name in Deployments.Select(row => row.Data))
        {
            var labels = Deployment(name).Spec.Template.Metadata.Labels;
            budgets.Count(budget => Selects(budget.Selector, labels) && budget.MaxUnavailable.Value == "1").ShouldBe(1, name);
        }
    }

    [Fact]
    public void Every_Deployment_stands_behind_a_Service_whose_port_the_monitors_read()
    {
        var monitoring = Kustomization.Read("components/servicemonitor");
        var services = Kustomization.Read("deploy").Concat(monitoring).Where(document => document.Kind == "Service").Select(document => document.As<V1Service>()).ToList();

        monitoring.Count(document => document is { ApiVersion: "monitoring.coreos.com/v1", Kind: "ServiceMonitor" }).ShouldBe(2);
        foreach (var name in Deployments.Select(row => row.Data))
        {
            var template = Deployment(name).Spec.Template;
            var service = services.Single(candidate => candidate.Spec.Selector.All(pair => template.Metadata.Labels.Contains(pair)));
            service.Metadata.Labels["app.kubernetes.io/name"].ShouldBe("ops");
            service.Spec.Ports.ShouldContain(port => port.Name == "http" && template.Spec.Containers[0].Ports.Any(own => own.Name == port.TargetPort.Value));
        }
    }

    private static V1Deployment Deployment(string name) =>
        Kustomization.Read("deploy").Single(document => document.Kind == "Deployment" && document.Name == name).As<V1Deployment>();

    private static bool Selects(V1LabelSelector selector, IDictionary<string, string> labels) =>
        selector.MatchExpressions is null && selector.MatchLabels.All(labels.Contains);
}
