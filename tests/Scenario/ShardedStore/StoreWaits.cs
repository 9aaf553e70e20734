using k8s;
using k8s.Models;
using Ops.Api;
using Ops.OperatorScenario;

namespace Ops.ShardedStoreScenario;

/// <summary>What tests of a store named carts wait for.</summary>
internal static class StoreWaits
{
    /// <summary>The store as it is.</summary>
    internal static async Task<ShardedStore> CartsAsync(this Fleet fleet, string ns) =>
        KubernetesJson.Deserialize<ShardedStore>(await fleet.KubectlAsync(["-n", ns, "get", "sstore", "carts", "-o", "json"]));

    /// <summary>Waits until all slots are served, all replicas follow and nothing is wrong or under way.</summary>
    internal static Task WholeCartsAsync(this Fleet fleet, string ns) => fleet.UntilAsync("carts is whole, steady and in step", async () =>
        (await fleet.CartsAsync(ns)).Status is { Phase: "Steady", SlotsCovered: 16_384, ReplicasInSync: "3/3" } status && Conditions.Find(status.Conditions, "Degraded")?.Status == "False");

    /// <summary>Waits until it is Degraded for a reason.</summary>
    /// <returns>The condition's words.</returns>
    internal static async Task<string> DegradedCartsAsync(this Fleet fleet, string ns, string reason, string words)
    {
        V1Condition? found = null;
        await fleet.UntilAsync($"carts is Degraded, {reason}", async () => (found = Conditions.Find((await fleet.CartsAsync(ns)).Status?.Conditions, "Degraded"))?.Reason == reason);
        found!.Message.ShouldContain(words);
        return found.Message;
    }

    /// <summary>What changes when a process of the namespace's pods starts anew.</summary>
    internal static IReadOnlyList<(string Pod, int Restarts)> Processes(this Fleet fleet, string ns) =>
        [.. fleet.List<V1Pod>(ns).Select(pod => (pod.Metadata.Uid, pod.Status.ContainerStatuses[0].RestartCount)).Order()];

    /// <summary>Lets the operator read one Secret.</summary>
    internal static string Grant(string secret) => $$"""
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: {{secret}} }
        rules:
        - {apiGroups: [""], resources: [secrets], resourceNames: [{{secret}}], verbs: [get]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: {{secret}} }
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{secret}} }
        subjects:
        - {kind: ServiceAccount, name: operator, namespace: ops-system}
        """;
}
