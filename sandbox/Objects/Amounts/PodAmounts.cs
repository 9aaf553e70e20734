using k8s.Models;

namespace Ops.Sandbox.Objects;

/// <summary>What a pod asks for: the sum over its containers, or the largest init container if that is more.</summary>
public static class PodAmounts
{
    /// <summary>Requests; a limit without a request is also the request.</summary>
    /// <param name="spec">A pod's.</param>
    public static ResourceAmounts Requests(V1PodSpec spec)
    {
        var sum = Sum(spec, RequestsOf);
        sum.Plus(new ResourceAmounts(spec.Overhead));
        return sum;
    }

    /// <summary>Limits.</summary>
    /// <param name="spec">A pod's.</param>
    public static ResourceAmounts Limits(V1PodSpec spec)
    {
        var sum = Sum(spec, resources => new(resources?.Limits));
        foreach (var (name, amount) in spec.Overhead ?? new Dictionary<string, ResourceQuantity>())
            if (sum.Of(name) != 0)
                sum.Plus(name, amount);
        return sum;
    }

    private static ResourceAmounts RequestsOf(V1ResourceRequirements? resources)
    {
        var amounts = new ResourceAmounts(resources?.Limits);
        foreach (var (name, amount) in resources?.Requests ?? new Dictionary<string, ResourceQuantity>())
            amounts[name] = amount;
        return amounts;
    }

    private static ResourceAmounts Sum(V1PodSpec spec, Func<V1ResourceRequirements?, ResourceAmounts> of)
    {
        var sum = new ResourceAmounts();
        foreach (var container in spec.Containers)
            sum.Plus(of(container.Resources));
        // A sidecar (an init container that always restarts) runs beside the containers; the others run alone before them.
        var sidecars = new ResourceAmounts();
        var largest = new ResourceAmounts();
        foreach (var init in spec.InitContainers ?? [])
        {
            var own = of(init.Resources);
            if (init.RestartPolicy == "Always")
            {
                sum.Plus(own);
                sidecars.Plus(own);
                continue;
            }

            foreach (var name in own.Keys.ToList())
                if (sidecars.TryGetValue(name, out var beside))
                    own.Plus(name, beside);
            largest.AtLeast(own);
        }

        sum.AtLeast(largest);
        return sum;
    }
}
