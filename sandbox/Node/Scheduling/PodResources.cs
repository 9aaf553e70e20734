using k8s.Models;

namespace Ops.Sandbox.Node.Scheduling;

/// <summary>What a pod asks of a node: the sum over its containers, or the largest init container if that is more.</summary>
internal static class PodResources
{
    public static Dictionary<string, decimal> RequestsOf(V1PodSpec spec)
    {
        var sum = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in spec.Containers)
            Add(sum, container.Resources);
        // A sidecar (an init container that always restarts) runs beside the containers; the others run alone before them.
        var sidecars = new Dictionary<string, decimal>(StringComparer.Ordinal);
        var largest = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var init in spec.InitContainers ?? [])
        {
            if (init.RestartPolicy == "Always")
            {
                Add(sum, init.Resources);
                Add(sidecars, init.Resources);
                continue;
            }
            foreach (var (name, amount) in Requests(init.Resources))
                largest[name] = Math.Max(largest.GetValueOrDefault(name), amount + sidecars.GetValueOrDefault(name));
        }
        foreach (var (name, amount) in largest)
            sum[name] = Math.Max(sum.GetValueOrDefault(name), amount);
        foreach (var (name, amount) in spec.Overhead ?? new Dictionary<string, ResourceQuantity>())
            sum[name] = sum.GetValueOrDefault(name) + amount.ToDecimal();
        return sum;
    }

    private static void Add(Dictionary<string, decimal> sum, V1ResourceRequirements? resources)
    {
        foreach (var (name, amount) in Requests(resources))
            sum[name] = sum.GetValueOrDefault(name) + amount;
    }

    /// <summary>Requests; a limit without a request is also the request.</summary>
    private static Dictionary<string, decimal> Requests(V1ResourceRequirements? resources)
    {
        var amounts = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var (name, amount) in resources?.Limits ?? new Dictionary<string, ResourceQuantity>())
            amounts[name] = amount.ToDecimal();
        foreach (var (name, amount) in resources?.Requests ?? new Dictionary<string, ResourceQuantity>())
            amounts[name] = amount.ToDecimal();
        return amounts;
    }
}
