using System.Net;
using k8s.Models;

namespace Ops.Dashboard.Metrics;

/// <summary>Which service a pod belongs to and which one a host name means; ids are namespace/name.</summary>
internal static class Workload
{
    /// <summary>The workload that owns a pod; the pod itself where none does.</summary>
    public static string Of(V1Pod pod)
    {
        var owner = pod.Metadata.OwnerReferences?.FirstOrDefault(reference => reference.Controller == true);
        var name = owner?.Name ?? pod.Metadata.Name;
        // ReplicaSet web-5d4b7c6f9 of Deployment web: the pod's own label tells the hash.
        if (owner?.Kind == "ReplicaSet" && pod.Metadata.Labels?.TryGetValue("pod-template-hash", out var hash) == true && name.EndsWith("-" + hash, StringComparison.Ordinal))
            name = name[..^(hash.Length + 1)];
        return $"{pod.Metadata.NamespaceProperty}/{name}";
    }

    /// <summary>The service that a caller means by a host: cart, cart.shop, cart.shop.svc.cluster.local:8080. Null for addresses and the outside world.</summary>
    public static string? Callee(string caller, string host)
    {
        var parts = host.Split(':')[0].Split('.');
        if (IPAddress.TryParse(host.Split(':')[0], out _) || parts[0].Length == 0)
            return null;
        return parts switch
        {
            [var name] => $"{caller.Split('/')[0]}/{name}",
            [var name, var space] => $"{space}/{name}",
            [var name, var space, "svc", ..] => $"{space}/{name}",
            _ => null,
        };
    }
}
