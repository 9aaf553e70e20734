using k8s;
using k8s.Models;
using Ops.Sandbox.ShopPlan;

namespace Ops.Manifests.Tests;

/// <summary>The sample shop's manifests: every service of its plan, all made alike.</summary>
public sealed class Shop_tests
{
    private static readonly IReadOnlyList<Document> Objects = Kustomization.Read("samples/shop");

    private static IReadOnlyList<V1Deployment> Deployments { get; } = [.. Objects.Where(one => one.Kind == "Deployment").Select(one => one.As<V1Deployment>())];

    [Fact]
    public void Every_service_of_the_plan_has_a_deployment_and_a_service_and_the_load_generator_a_deployment()
    {
        var services = Shop.Services.Select(service => service.Name).ToList();

        Objects.Where(one => one.Kind == "Service").Select(one => one.Name).ShouldBe(services, ignoreOrder: true);
        Deployments.Select(one => one.Metadata.Name).ShouldBe([.. services, Shop.Load], ignoreOrder: true);
    }

    [Fact]
    public void Pods_differ_in_nothing_but_their_service()
    {
        // Written out sixteen times because a kustomization that patches would be read by kubectl alone.
        var templates = Deployments.Select(one => KubernetesYaml.Serialize(one.Spec).Replace($" {one.Metadata.Name}\n", " NAME\n", StringComparison.Ordinal)).Distinct();

        templates.ShouldHaveSingleItem();
    }

    [Fact]
    public void Its_pods_are_restricted_and_scraped()
    {
        foreach (var deployment in Deployments)
        {
            RestrictedProfile.Violations(deployment.Spec.Template.Spec).ShouldBeEmpty(deployment.Metadata.Name);
            deployment.Spec.Template.Metadata.Annotations["prometheus.io/scrape"].ShouldBe("true");
        }
    }
}
