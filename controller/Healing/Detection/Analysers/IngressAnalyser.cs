using k8s.Models;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Detection.Analysers;

/// <summary>Ingresses that lead to nothing since they were changed.</summary>
internal sealed class IngressAnalyser : IAnalyser
{
    public IEnumerable<Finding> Analyse(NamespaceSnapshot snapshot, Baseline memory) =>
        from ingress in snapshot.Others.OfType<V1Ingress>()
        where Remembered.Changed(memory, ingress)
        from backend in Backends(ingress)
        where !Exists(backend, snapshot)
        select new Finding(V1Ingress.KubeKind, ingress.Metadata.Name, Causes.WrongBackend, $"Service {backend.Name} or its port does not exist");

    private static IEnumerable<V1IngressServiceBackend> Backends(V1Ingress ingress) =>
        (ingress.Spec.Rules ?? []).SelectMany(rule => rule.Http?.Paths ?? []).Select(path => path.Backend)
            .Append(ingress.Spec.DefaultBackend).Select(backend => backend?.Service).OfType<V1IngressServiceBackend>();

    private static bool Exists(V1IngressServiceBackend backend, NamespaceSnapshot snapshot) =>
        snapshot.Services.FirstOrDefault(service => service.Metadata.Name == backend.Name)?.Spec.Ports
            .Any(port => backend.Port?.Name is { Length: > 0 } name ? port.Name == name : port.Port == backend.Port?.Number) == true;
}
