using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>One step of a Deployment in the making: working copies of its sets and status, turned into a plan at the end.</summary>
internal sealed class DeploymentStep
{
    private readonly IReadOnlyList<V1ReplicaSet> observedSets;
    private readonly DateTimeOffset now;
    private readonly V1Deployment working;
    private readonly List<Write> creations = [];
    private readonly List<Write> removals = [];
    private readonly Dictionary<string, (V1ReplicaSet Copy, Narration? Tell)> changes = new(StringComparer.Ordinal);

    public DeploymentStep(V1Deployment deployment, IReadOnlyList<V1ReplicaSet> sets, DateTimeOffset now)
    {
        Deployment = deployment;
        observedSets = sets;
        this.now = now;
        working = Canonical.Copy(deployment);
        working.Status ??= new V1DeploymentStatus();
        Wanted = deployment.Spec.Replicas ?? 1;
        Bounds = RolloutBounds.Of(deployment.Spec);
        var template = TemplateText(deployment.Spec.Template);
        // Two sets of one template can exist after a hash collision; the oldest wins, always.
        NewSet = sets.Where(set => TemplateText(set.Spec.Template) == template)
            .OrderBy(set => set.Metadata.CreationTimestamp).ThenBy(set => set.Metadata.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        OldSets = [.. sets.Where(set => set != NewSet)];
    }

    public V1Deployment Deployment { get; }

    public int Wanted { get; }

    public RolloutBounds Bounds { get; }

    /// <summary>The set of the present template as observed; null until it exists.</summary>
    public V1ReplicaSet? NewSet { get; }

    public IReadOnlyList<V1ReplicaSet> OldSets { get; }

    public bool HasWrites => creations.Count + changes.Count > 0;

    /// <summary>Some running set was last sized for another number of replicas.</summary>
    public bool IsScaling() => observedSets.Any(set =>
        DeploymentPlanner.SizeOf(set) > 0 && DeploymentAnnotations.DesiredReplicas(set) is { } desired && desired != Wanted);

    public void NotePause()
    {
        var reason = DeploymentConditions.Progressing(working)?.Reason;
        if (working.Spec.ProgressDeadlineSeconds is null or int.MaxValue || reason == DeploymentConditions.TimedOut)
            return;
        if (Deployment.Spec.Paused == true && reason != DeploymentConditions.Paused)
            DeploymentConditions.Set(working, "Progressing", "Unknown", DeploymentConditions.Paused, "Deployment is paused", now);
        else if (Deployment.Spec.Paused != true && reason == DeploymentConditions.Paused)
            DeploymentConditions.Set(working, "Progressing", "Unknown", DeploymentConditions.Resumed, "Deployment is resumed", now);
    }

    /// <summary>An existing new set gets revision, annotations and minReadySeconds of the Deployment.</summary>
    public void KeepNewSetCurrent()
    {
        if (NewSet is null)
            return;
        var copy = WorkingCopy(NewSet);
        var revision = NextRevision();
        var changed = DeploymentAnnotations.Bring(Deployment, copy, revision, Bounds) | copy.Spec.MinReadySeconds != Deployment.Spec.MinReadySeconds;
        copy.Spec.MinReadySeconds = Deployment.Spec.MinReadySeconds;
        if (changed)
            changes.TryAdd(copy.Metadata.Uid, (copy, null));
        SetRevision(DeploymentAnnotations.RevisionOf(copy));
        if (DeploymentConditions.Progressing(working) is null)
            Progress("True", "FoundNewReplicaSet", $"Found new replica set \"{copy.Metadata.Name}\"");
    }

    public void CreateNewSetIfMissing(int size)
    {
        if (NewSet is not null)
            return;
        var hash = Canonical.Hash(Deployment.Spec.Template, working.Status.CollisionCount);
        var name = $"{Deployment.Metadata.Name}-{hash}";
        if (observedSets.Any(set => set.Metadata.Name == name))
        {
            // Same name, other template: count the collision so that the next hash differs.
            working.Status.CollisionCount = (working.Status.CollisionCount ?? 0) + 1;
            return;
        }
        var set = NewReplicaSet.Of(Deployment, name, hash, size);
        var revision = NextRevision();
        DeploymentAnnotations.Bring(Deployment, set, revision, Bounds);
        creations.Add(new CreateObject<V1ReplicaSet>(set)
        {
            Tell = size == 0 ? null : Told($"Scaled up replica set {name} from 0 to {size}"),
            TellRefusal = new Narration(References.To(Deployment), DeploymentPlanner.Component, "ReplicaSetCreateError", $"Failed to create new replica set \"{name}\": {{0}}", "Warning"),
        });
        SetRevision(revision);
        Progress("True", "NewReplicaSetCreated", $"Created new replica set \"{name}\"");
    }

    public void Resize(V1ReplicaSet set, int size)
    {
        var before = DeploymentPlanner.SizeOf(set);
        var copy = WorkingCopy(set);
        if (before == size && !DeploymentAnnotations.BringSizes(copy, Wanted, Bounds))
            return;
        DeploymentAnnotations.BringSizes(copy, Wanted, Bounds);
        copy.Spec.Replicas = size;
        var told = before == size ? null : Told($"Scaled {(size > before ? "up" : "down")} replica set {set.Metadata.Name} from {before} to {size}");
        changes[set.Metadata.Uid] = (copy, told);
    }

    /// <summary>Drops the oldest empty sets beyond revisionHistoryLimit.</summary>
    public void CleanUp()
    {
        var excess = OldSets.Count - (Deployment.Spec.RevisionHistoryLimit ?? 10);
        var removable = OldSets
            .Where(set => set.Metadata.DeletionTimestamp is null && set.Status is { Replicas: 0 } && DeploymentPlanner.SizeOf(set) == 0
                && (set.Status.ObservedGeneration ?? 0) >= (set.Metadata.Generation ?? 0))
            .OrderBy(DeploymentAnnotations.RevisionOf).ThenBy(set => set.Metadata.CreationTimestamp)
            .Take(Math.Max(0, excess));
        foreach (var set in removable.Where(set => !changes.ContainsKey(set.Metadata.Uid)))
            removals.Add(new DeleteObject<V1ReplicaSet>(set));
    }

    public void CleanUpIfComplete()
    {
        if (DeploymentConditions.IsComplete(Deployment, DeploymentCounts.Of(Deployment, observedSets, NewSet)))
            CleanUp();
    }

    public Plan Finish()
    {
        var writes = new List<Write>(creations);
        writes.AddRange(changes.Values.Select(change => new UpdateObject<V1ReplicaSet>(change.Copy) { Tell = change.Tell }));
        writes.AddRange(removals);
        var requeue = DeploymentConditions.Bring(working, Deployment, DeploymentCounts.Of(Deployment, observedSets, NewSet), NewSet, observedSets, now);
        // Annotations go through /status too, as at kube-apiserver: the revision is no change of what the user wants.
        if (!Canonical.Same(working.Status, Deployment.Status) || !Canonical.Same(working.Metadata.Annotations, Deployment.Metadata.Annotations))
            writes.Add(new UpdateStatus<V1Deployment>(working));
        return new Plan(writes, requeue);
    }

    private V1ReplicaSet WorkingCopy(V1ReplicaSet set) =>
        changes.TryGetValue(set.Metadata.Uid, out var change) ? change.Copy : Canonical.Copy(set);

    private long NextRevision() => OldSets.Select(DeploymentAnnotations.RevisionOf).DefaultIfEmpty().Max() + 1;

    private void SetRevision(long revision)
    {
        working.Metadata.Annotations ??= new Dictionary<string, string>();
        working.Metadata.Annotations[DeploymentAnnotations.Revision] = revision.ToString();
    }

    private void Progress(string status, string reason, string message)
    {
        if (working.Spec.ProgressDeadlineSeconds is not (null or int.MaxValue))
            DeploymentConditions.Set(working, "Progressing", status, reason, message, now);
    }

    private Narration Told(string message) => new(References.To(Deployment), DeploymentPlanner.Component, "ScalingReplicaSet", message);

    private static string TemplateText(V1PodTemplateSpec template)
    {
        var copy = Canonical.Copy(template);
        copy.Metadata?.Labels?.Remove(DeploymentAnnotations.HashLabel);
        if (copy.Metadata?.Labels is { Count: 0 })
            copy.Metadata.Labels = null;
        return Canonical.Text(copy);
    }
}
