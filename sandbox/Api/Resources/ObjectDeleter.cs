using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Api.Webhooks;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>
/// Deletion: objects with finalizers, and pods with a grace period, are marked; the last one who waits takes them away.
/// Dependents are the garbage collector's work: it watches for the two propagation finalizers.
/// </summary>
internal sealed class ObjectDeleter(ObjectStore store, WebhookAdmission webhooks, TimeProvider time)
{
    public const string ForegroundFinalizer = "foregroundDeletion";

    public const string OrphanFinalizer = "orphan";

    public const string CrdFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    /// <summary>Kinds whose deletion answers with the object even when it is gone at once.</summary>
    private static readonly HashSet<ResourceId> AnswersWithObject =
        [Known.Pods, Known.Services, Known.ServiceAccounts, Known.Namespaces, new("", "persistentvolumeclaims"), new("", "persistentvolumes"), new("", "resourcequotas"), new("", "podtemplates")];

    /// <summary>Deletes one object.</summary>
    /// <returns>A Status, or the object where it still exists or its kind answers so.</returns>
    public JsonObject Delete(ServedResource resource, string ns, string name, DeleteOptions options)
    {
        if (store.Snapshot.Find(resource.Storage, new ObjectId(ns, name)) is { } seen) AskWebhooks(resource, seen, options);
        return DeleteAsked(resource, ns, name, options);
    }

    private void AskWebhooks(ServedResource resource, StoredObject live, DeleteOptions options)
    {
        var question = new WebhookQuestion(
            resource, "DELETE", live.Id.Namespace, live.Id.Name, null, resource.FromStorage(live.Parse()), live.Revision, null, options.DryRun, options.User);
        if (WebhookAdmission.IsNeeded(store.Snapshot, question)) webhooks.Ask(question, []);
    }

    private JsonObject DeleteAsked(ServedResource resource, string ns, string name, DeleteOptions options) => store.Write(tx =>
    {
        var live = tx.Find(resource.Storage, new ObjectId(ns, name)) ?? throw Errors.NotFound(resource.Id, name);
        CheckPreconditions(resource, live, options);
        if (options.DryRun) return Success(resource, live);
        var (document, gone) = Remove(tx, resource, live, options);
        return gone && !AnswersWithObject.Contains(resource.Storage) ? Success(resource, live) : resource.FromStorage(document);
    });

    /// <summary>Deletes all objects that match.</summary>
    /// <returns>The objects as they were.</returns>
    public IReadOnlyList<JsonObject> DeleteAll(ServedResource resource, Func<StoreSnapshot, IEnumerable<StoredObject>> select, DeleteOptions options)
    {
        foreach (var live in select(store.Snapshot).ToList()) AskWebhooks(resource, live, options);
        return DeleteAllAsked(resource, select, options);
    }

    private IReadOnlyList<JsonObject> DeleteAllAsked(ServedResource resource, Func<StoreSnapshot, IEnumerable<StoredObject>> select, DeleteOptions options) => store.Write(tx =>
    {
        var result = new List<JsonObject>();
        foreach (var live in select(tx.Snapshot).ToList())
        {
            result.Add(resource.FromStorage(live.Parse()));
            if (!options.DryRun) Remove(tx, resource, live, options);
        }

        return result;
    });

    private (JsonObject Document, bool Gone) Remove(StoreTransaction tx, ServedResource resource, StoredObject live, DeleteOptions options)
    {
        var document = live.Parse();
        var metadata = document.Metadata();
        var wasMarked = metadata.ContainsKey("deletionTimestamp");
        var changed = SetPropagation(metadata, options.Propagation, wasMarked);
        changed |= AddCleaningFinalizers(resource, document, wasMarked);
        var grace = GraceSeconds(resource, document, options);
        var waits = metadata.Texts("finalizers").Count > 0 || WaitsForNamespaceCleaning(resource, document);
        if (grace == 0 && !waits)
        {
            var last = tx.Remove(resource.Storage, live, document);
            return (last.Parse(), true);
        }

        changed |= Mark(metadata, resource.Kind, grace, wasMarked);
        return (changed ? tx.Put(resource.Storage, document).Parse() : live.Parse(), false);
    }

    private bool Mark(JsonObject metadata, KindDefinition kind, long grace, bool wasMarked)
    {
        // A second deletion may only shorten the grace period.
        if (wasMarked && (metadata.Number("deletionGracePeriodSeconds") ?? 0) <= grace) return false;
        metadata["deletionTimestamp"] = NewObject.Seconds(time.GetUtcNow().AddSeconds(grace));
        metadata["deletionGracePeriodSeconds"] = grace;
        if (!wasMarked && kind.GenerationRule != GenerationRule.None) metadata["generation"] = (metadata.Number("generation") ?? 0) + 1;
        return true;
    }

    private static bool SetPropagation(JsonObject metadata, string propagation, bool wasMarked)
    {
        var before = metadata.Texts("finalizers");
        var wanted = propagation switch { "Foreground" => ForegroundFinalizer, "Orphan" => OrphanFinalizer, _ => null };
        if (wasMarked && wanted is null) return false;
        var after = before.Where(f => f is not (ForegroundFinalizer or OrphanFinalizer)).ToList();
        if (wanted is not null) after.Add(wanted);
        if (after.SequenceEqual(before, StringComparer.Ordinal)) return false;
        if (after.Count == 0) metadata.Remove("finalizers");
        else metadata["finalizers"] = new JsonArray([.. after.Select(f => (JsonNode)f)]);
        return true;
    }

    private static bool AddCleaningFinalizers(ServedResource resource, JsonObject document, bool wasMarked)
    {
        if (wasMarked) return false;
        if (resource.Storage == Known.Namespaces)
        {
            if (document["status"] is JsonObject status) status["phase"] = "Terminating";
            else document["status"] = new JsonObject { ["phase"] = "Terminating" };
            return true;
        }

        if (resource.Storage != Known.Crds) return false;
        var metadata = document.Metadata();
        if (metadata.Texts("finalizers").Contains(CrdFinalizer, StringComparer.Ordinal)) return false;
        if (metadata["finalizers"] is JsonArray finalizers) finalizers.Add((JsonNode)CrdFinalizer);
        else metadata["finalizers"] = new JsonArray(CrdFinalizer);
        return true;
    }

    /// <summary>Only pods wait: for what was asked, else their own period. One that no kubelet runs has nothing to wait for.</summary>
    private static long GraceSeconds(ServedResource resource, JsonObject document, DeleteOptions options)
    {
        if (resource.Storage != Known.Pods) return 0;
        if (string.IsNullOrEmpty(document.Child("spec").Text("nodeName"))) return 0;
        if (document.Child("status").Text("phase") is "Succeeded" or "Failed") return 0;
        return Math.Max(0, options.GracePeriodSeconds ?? document.Child("spec").Number("terminationGracePeriodSeconds") ?? 30);
    }

    private static bool WaitsForNamespaceCleaning(ServedResource resource, JsonObject document) =>
        resource.Storage == Known.Namespaces && document.Child("spec").Texts("finalizers").Count > 0;

    private static void CheckPreconditions(ServedResource resource, StoredObject live, DeleteOptions options)
    {
        if (!string.IsNullOrEmpty(options.Uid) && options.Uid != live.Uid)
        {
            throw Errors.Conflict(
                resource.Id,
                live.Id.Name,
                $"the UID in the precondition ({options.Uid}) does not match the UID in record ({live.Uid}). The object might have been deleted and then recreated");
        }

        if (!string.IsNullOrEmpty(options.ResourceVersion) && options.ResourceVersion != live.Revision.ToString())
        {
            throw Errors.Conflict(
                resource.Id,
                live.Id.Name,
                $"the ResourceVersion in the precondition ({options.ResourceVersion}) does not match the ResourceVersion in record ({live.Revision}). The object might have been modified");
        }
    }

    private static JsonObject Success(ServedResource resource, StoredObject live)
    {
        var details = new JsonObject { ["name"] = live.Id.Name };
        if (resource.Id.Group.Length > 0) details["group"] = resource.Id.Group;
        details["kind"] = resource.Id.Plural;
        details["uid"] = live.Uid;
        return new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details };
    }
}
