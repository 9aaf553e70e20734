using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>Which ReplicaSets are a Deployment's: those it controls and still selects, and orphans that fit.</summary>
internal sealed record ReplicaSetClaims(IReadOnlyList<V1ReplicaSet> Owned, IReadOnlyList<Write> Writes)
{
    public static ReplicaSetClaims Make(V1Deployment deployment, IEnumerable<V1ReplicaSet> sets)
    {
        var owned = new List<V1ReplicaSet>();
        var writes = new List<Write>();
        var alive = deployment.Metadata.DeletionTimestamp is null;
        foreach (var set in sets)
        {
            var fits = Selectors.Matches(deployment.Spec.Selector, set.Metadata.Labels);
            var owner = Owners.ControllerOf(set);
            if (owner?.Uid == deployment.Metadata.Uid && fits)
                owned.Add(set);
            else if (owner?.Uid == deployment.Metadata.Uid && alive)
                writes.Add(WithOwners(set, (set.Metadata.OwnerReferences ?? []).Where(one => one.Uid != deployment.Metadata.Uid)));
            else if (owner is null && fits && alive && set.Metadata.DeletionTimestamp is null)
                writes.Add(WithOwners(set, [.. set.Metadata.OwnerReferences ?? [], Owners.Reference(deployment)]));
        }
        return new ReplicaSetClaims(owned, writes);
    }

    private static UpdateObject<V1ReplicaSet> WithOwners(V1ReplicaSet set, IEnumerable<V1OwnerReference> owners)
    {
        var copy = Canonical.Copy(set);
        copy.Metadata.OwnerReferences = [.. owners];
        return new UpdateObject<V1ReplicaSet>(copy);
    }
}
