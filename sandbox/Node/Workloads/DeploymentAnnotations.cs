using k8s.Models;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>The annotations by which kubectl reads a Deployment's history and the controller remembers sizes.</summary>
internal static class DeploymentAnnotations
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string RevisionHistory = "deployment.kubernetes.io/revision-history";
    public const string Desired = "deployment.kubernetes.io/desired-replicas";
    public const string Max = "deployment.kubernetes.io/max-replicas";
    public const string HashLabel = "pod-template-hash";

    private static readonly HashSet<string> NotCopied = new(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration", Revision, RevisionHistory, Desired, Max, "deprecated.deployment.rollback.to",
    };

    public static long RevisionOf(V1ReplicaSet set) => Number(set, Revision) ?? 0;

    public static int? DesiredReplicas(V1ReplicaSet set) => (int?)Number(set, Desired);

    public static int? MaxReplicas(V1ReplicaSet set) => (int?)Number(set, Max);

    /// <summary>Writes revision, sizes and the Deployment's own annotations into those of its new set; true when something changed.</summary>
    public static bool Bring(V1Deployment deployment, V1ReplicaSet set, long revision, RolloutBounds bounds)
    {
        var notes = set.Metadata.Annotations ??= new Dictionary<string, string>();
        var changed = false;
        foreach (var (key, value) in deployment.Metadata.Annotations ?? new Dictionary<string, string>())
        {
            if (!NotCopied.Contains(key))
                changed |= Put(notes, key, value);
        }
        var old = RevisionOf(set);
        if (old < revision)
        {
            if (old > 0)
                Put(notes, RevisionHistory, notes.TryGetValue(RevisionHistory, out var history) && history.Length > 0 ? $"{history},{old}" : $"{old}");
            changed |= Put(notes, Revision, revision.ToString());
        }
        return changed | BringSizes(set, deployment.Spec.Replicas ?? 1, bounds);
    }

    public static bool BringSizes(V1ReplicaSet set, int wanted, RolloutBounds bounds)
    {
        var notes = set.Metadata.Annotations ??= new Dictionary<string, string>();
        return Put(notes, Desired, wanted.ToString()) | Put(notes, Max, (wanted + bounds.MaxSurge).ToString());
    }

    private static bool Put(IDictionary<string, string> notes, string key, string value)
    {
        if (notes.TryGetValue(key, out var old) && old == value)
            return false;
        notes[key] = value;
        return true;
    }

    private static long? Number(V1ReplicaSet set, string key) =>
        set.Metadata.Annotations is { } notes && notes.TryGetValue(key, out var text) && long.TryParse(text, out var number) ? number : null;
}
