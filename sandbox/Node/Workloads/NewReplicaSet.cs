using k8s.Models;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>The ReplicaSet of a Deployment's present template: the hash goes into name, labels, selector and template.</summary>
internal static class NewReplicaSet
{
    public static V1ReplicaSet Of(V1Deployment deployment, string name, string hash, int size)
    {
        var template = Canonical.Copy(deployment.Spec.Template);
        template.Metadata ??= new V1ObjectMeta();
        template.Metadata.Labels = WithHash(template.Metadata.Labels, hash);
        var selector = Canonical.Copy(deployment.Spec.Selector);
        selector.MatchLabels = WithHash(selector.MatchLabels, hash);
        return new V1ReplicaSet
        {
            ApiVersion = "apps/v1",
            Kind = "ReplicaSet",
            Metadata = new V1ObjectMeta
            {
                Name = name,
                NamespaceProperty = deployment.Metadata.NamespaceProperty,
                Labels = template.Metadata.Labels,
                Annotations = new Dictionary<string, string>(),
                OwnerReferences = [Owners.Reference(deployment)],
            },
            Spec = new V1ReplicaSetSpec
            {
                Replicas = size,
                MinReadySeconds = deployment.Spec.MinReadySeconds,
                Selector = selector,
                Template = template,
            },
        };
    }

    private static Dictionary<string, string> WithHash(IDictionary<string, string>? labels, string hash) =>
        new(labels ?? new Dictionary<string, string>()) { [DeploymentAnnotations.HashLabel] = hash };
}
