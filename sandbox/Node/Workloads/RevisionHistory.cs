using k8s;
using k8s.Models;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Workloads;

/// <summary>The revisions of one owner, with the one its present template has.</summary>
/// <param name="Update">The revision of the present template; perhaps not stored yet.</param>
/// <param name="All">All stored revisions, oldest first.</param>
/// <param name="Writes">What has to be stored before pods of <paramref name="Update"/> are made.</param>
/// <param name="Collided">A revision of the same name holds another template.</param>
internal sealed record RevisionHistory(V1ControllerRevision Update, IReadOnlyList<V1ControllerRevision> All, IReadOnlyList<Write> Writes, bool Collided)
{
    public static RevisionHistory Of(
        IMetadata<V1ObjectMeta> parent, V1OwnerReference owner, V1PodTemplateSpec template, string hashLabel,
        IEnumerable<V1ControllerRevision> revisionsOfNamespace, int? collisionCount)
    {
        var stored = revisionsOfNamespace.ToList();
        var own = stored.Where(revision => Owners.Controls(parent, revision))
            .OrderBy(revision => revision.Revision).ThenBy(revision => revision.Metadata.CreationTimestamp).ThenBy(revision => revision.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        var next = own.Count == 0 ? 1 : (own[^1].Revision ?? 0) + 1;
        var match = own.LastOrDefault(revision => ControllerRevisions.IsOf(revision, template));
        if (match is not null && match == own[^1])
            return new RevisionHistory(match, own, [], false);
        if (match is not null)
        {
            // An earlier template came back (an undo): it becomes the newest revision under its old name.
            var copy = Canonical.Copy(match);
            copy.Revision = next;
            return new RevisionHistory(copy, own, [new UpdateObject<V1ControllerRevision>(copy)], false);
        }
        var made = ControllerRevisions.Make(parent.Metadata.Name, parent.Metadata.NamespaceProperty, owner, template, hashLabel, next, collisionCount);
        var collided = stored.Any(revision => revision.Metadata.Name == made.Metadata.Name);
        return new RevisionHistory(made, own, collided ? [] : [new CreateObject<V1ControllerRevision>(made)], collided);
    }

    /// <summary>The oldest revisions beyond the limit that no pod and no status names any more.</summary>
    public IEnumerable<Write> Excess(int limit, IReadOnlySet<string> live)
    {
        var idle = All.Where(revision => revision.Metadata.Name != Update.Metadata.Name && !live.Contains(revision.Metadata.Name)).ToList();
        return idle.Take(Math.Max(0, idle.Count - limit)).Select(revision => new DeleteObject<V1ControllerRevision>(revision));
    }
}
