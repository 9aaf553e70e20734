using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Admission;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Api.Webhooks;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>
/// Create, replace and apply: the same steps in the same order for every kind, built-in or custom. Steps that differ
/// by kind are admission plugins.
/// </summary>
internal sealed class ObjectWriter(ObjectStore store, AdmissionChain admission, WebhookAdmission webhooks, TimeProvider time)
{
    // An object that changes while its webhooks are asked is asked about again, as kube-apiserver tries a patch again.
    private const int MaxRounds = 5;

    /// <summary>Stores a new object.</summary>
    /// <returns>The object as stored, in the version of the request.</returns>
    public JsonObject Create(ServedResource resource, string ns, JsonObject document, WriteOptions options)
    {
        RequestChecks.TypeMeta(resource, document);
        RequestChecks.Namespace(resource, document, ns);
        if (!string.IsNullOrEmpty(document.Metadata().Text("resourceVersion"))) throw Errors.RevisionOnCreate();
        return Write(options, tx => Insert(tx, resource, ns, document, options, applied: false));
    }

    /// <summary>Replaces an object, or one of its subresources.</summary>
    public JsonObject Update(ServedResource resource, string ns, string name, JsonObject document, WriteOptions options)
    {
        RequestChecks.TypeMeta(resource, document);
        RequestChecks.Namespace(resource, document, ns);
        RequestChecks.Name(document, name);
        var revision = document.Metadata().Text("resourceVersion");
        return Write(options, tx =>
        {
            var live = tx.Find(resource.Storage, new ObjectId(ns, name));
            if (live is null && resource.Kind.Kind == "Lease") return Insert(tx, resource, ns, document, options, applied: false);
            if (live is null) throw Errors.NotFound(resource.Id, name);
            if (string.IsNullOrEmpty(revision) && resource.Kind.IsCustom)
            {
                throw Errors.Invalid(
                    resource.Kind.Group, resource.Kind.Kind, name, "FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion");
            }

            return Replace(tx, resource, live, document, options, applied: false);
        });
    }

    /// <summary>Changes an object by a function of its live state (merge, JSON and strategic patches, scale).</summary>
    public JsonObject Change(ServedResource resource, string ns, string name, Func<JsonObject, JsonObject> change, WriteOptions options) => Write(options, tx =>
    {
        var live = tx.Find(resource.Storage, new ObjectId(ns, name)) ?? throw Errors.NotFound(resource.Id, name);
        var changed = change(resource.FromStorage(live.Parse()));
        RequestChecks.TypeMeta(resource, changed);
        RequestChecks.Namespace(resource, changed, ns);
        RequestChecks.Name(changed, name);
        return Replace(tx, resource, live, changed, options, applied: false);
    });

    /// <summary>Server-side apply.</summary>
    /// <returns>The object, and whether it was created.</returns>
    public (JsonObject Document, bool Created) Apply(ServedResource resource, string ns, string name, JsonObject intent, WriteOptions options)
    {
        RequestChecks.TypeMeta(resource, intent);
        RequestChecks.Namespace(resource, intent, ns);
        RequestChecks.Name(intent, name);
        if (intent.Metadata().ContainsKey("managedFields")) throw Errors.BadRequest("metadata.managedFields must be nil");
        return Write(options, tx =>
        {
            var live = tx.Find(resource.Storage, new ObjectId(ns, name));
            if (live is null) RequestChecks.MayCreateByApply(resource, name, intent, options);
            Decode(resource, (JsonObject)intent.DeepClone(), options);
            var merged = Merge(resource, live, intent, options);
            return live is null
                ? (Insert(tx, resource, ns, merged, options, applied: true), true)
                : (Replace(tx, resource, live, merged, options, applied: true), false);
        });
    }

    /// <summary>Runs a writer; where webhooks have to be asked it stores nothing the first time, and what they left the second.</summary>
    private T Write<T>(WriteOptions options, Func<StoreTransaction, T> body)
    {
        var told = options.Warnings.Count;
        for (var round = 0; round < MaxRounds; round++)
        {
            while (options.Warnings.Count > told) options.Warnings.RemoveAt(told);
            options.Webhooks.Needed = null;
            var result = store.Write(body);
            if (options.Webhooks.Needed is not { } needed) return result;
            var asked = new List<string>();
            options.Webhooks.Answer = (webhooks.Ask(needed, asked)!, needed.Revision);
            // Their warnings are the client's, whatever the next round says.
            foreach (var warning in asked) options.Warnings.Insert(told++, warning);
        }

        throw Errors.Timeout("the object changed again and again while its webhooks were asked");
    }

    /// <summary>The object as its webhooks left it, if they saw this revision of the live one.</summary>
    private static JsonObject Answered(JsonObject document, WriteOptions options, long revision) =>
        options.Webhooks.Answer is { } answer && answer.Revision == revision ? answer.Document.DeepClone().AsObject() : document;

    /// <summary>Whether webhooks have to be asked before this is stored; then the question is left behind.</summary>
    private static bool WaitsForWebhooks(AdmissionContext context, long revision, string name)
    {
        if (context.Options.Webhooks.Answer?.Revision == revision) return false;
        var document = context.Document.DeepClone().AsObject();
        // A webhook sees what the client sent and defaults, not yet what the server gives to a new object.
        foreach (var field in context.IsCreate ? (string[])["uid", "creationTimestamp", "managedFields"] : ["managedFields"]) document.Metadata().Remove(field);
        var question = new WebhookQuestion(
            context.Resource, context.IsCreate ? "CREATE" : "UPDATE", context.Namespace, name, document, context.Old, revision, context.Options.Subresource, context.Options.DryRun, context.Options.User);
        if (!WebhookAdmission.IsNeeded(context.Transaction.Snapshot, question)) return false;
        context.Options.Webhooks.Needed = question;
        return true;
    }

    private JsonObject Merge(ServedResource resource, StoredObject? live, JsonObject intent, WriteOptions options)
    {
        Pruning.Prune(intent, resource.Kind);
        var outcome = ServerSideApply.Apply(
            live is null ? null : resource.FromStorage(live.Parse()), intent, resource.Kind, options.FieldManager, options.Force, options.Subresource, time.GetUtcNow());
        return outcome switch
        {
            ApplyOutcome.Merged merged => merged.Object,
            ApplyOutcome.Conflicts conflicts => throw Errors.ApplyConflict(conflicts.Message, conflicts.Causes),
            _ => throw Errors.Internal("apply gave no outcome"),
        };
    }

    private JsonObject Insert(StoreTransaction tx, ServedResource resource, string ns, JsonObject document, WriteOptions options, bool applied)
    {
        document = Answered(document, options, 0);
        var kind = resource.Kind;
        var metadata = document.Metadata();
        var isNamed = !string.IsNullOrEmpty(metadata.Text("name"));
        var name = NewObject.ChooseName(metadata);
        Decode(resource, document, options);
        if (kind.HasStatus) document.Remove("status");
        NewObject.StampMetadata(metadata, kind, ns, time.GetUtcNow(), keepManagedFields: applied);
        var context = new AdmissionContext(tx, resource, ns, name, document, Old: null, options);
        admission.BeforeDefaults(context);
        Defaulting.Apply(document, kind);
        admission.AfterDefaults(context);
        if (WaitsForWebhooks(context, 0, isNamed ? name : "")) return document;
        if (!applied) ManagedFields.RecordUpdate(null, document, kind, options.FieldManager, options.Subresource, time.GetUtcNow());
        RejectInvalid(resource, document, old: null);
        admission.BeforeStore(context);
        if (tx.Find(resource.Storage, new ObjectId(ns, name)) is { } existing)
            throw Errors.AlreadyExists(resource.Id, name, existing.Parse().Metadata().ContainsKey("deletionTimestamp"));
        if (options.DryRun) return document;
        return Store(tx, resource, document);
    }

    private JsonObject Replace(StoreTransaction tx, ServedResource resource, StoredObject live, JsonObject document, WriteOptions options, bool applied)
    {
        var kind = resource.Kind;
        document = Answered(document, options, live.Revision);
        var old = resource.FromStorage(live.Parse());
        RequestChecks.Preconditions(resource, live, document);
        Decode(resource, document, options);
        document = SubresourceIsolation.Restrict(document, old, kind, options.Subresource);
        ReplacedObject.KeepServerMetadata(document, old);
        var context = new AdmissionContext(tx, resource, live.Id.Namespace, live.Id.Name, document, old, options);
        admission.BeforeDefaults(context);
        Defaulting.Apply(document, kind);
        admission.AfterDefaults(context);
        if (WaitsForWebhooks(context, live.Revision, live.Id.Name)) return document;
        if (options.Subresource != "status") ReplacedObject.AdvanceGeneration(document, old, kind);
        ReplacedObject.RejectNewFinalizers(document, old, resource);
        var unchanged = ReplacedObject.SameIgnoringManagers(document, old);
        if (!applied) ReplacedObject.RecordManagers(document, old, kind, options, time.GetUtcNow(), unchanged);
        if (unchanged && ReplacedObject.SameManagers(document, old)) return resource.FromStorage(live.Parse());
        RejectInvalid(resource, document, old);
        admission.BeforeStore(context);
        if (options.DryRun) return document;
        if (ReplacedObject.IsFinished(document))
        {
            var last = tx.Remove(resource.Storage, live, resource.ToStorage(document));
            return resource.FromStorage(last.Parse());
        }

        return Store(tx, resource, document);
    }

    /// <summary>The store keeps text, so the document itself can go on to the client.</summary>
    private static JsonObject Store(StoreTransaction tx, ServedResource resource, JsonObject document)
    {
        var stored = resource.ToStorage(document);
        tx.Put(resource.Storage, stored);
        return resource.FromStorage(stored);
    }

    private static void Decode(ServedResource resource, JsonObject document, WriteOptions options)
    {
        if (Validation.DecodingError(document, resource.Kind) is { } undecodable)
            throw Errors.BadRequest($"{resource.Kind.Kind} in version \"{resource.Kind.Version}\" cannot be handled as a {resource.Kind.Kind}: {undecodable}");
        var unknown = Pruning.Prune(document, resource.Kind);
        if (options.FieldValidation == FieldValidation.Ignore) return;
        var problems = options.DecodingProblems.Concat(unknown.Select(path => $"unknown field \"{path}\"")).Distinct(StringComparer.Ordinal).ToList();
        if (problems.Count == 0) return;
        if (options.FieldValidation == FieldValidation.Strict)
        {
            throw Errors.BadRequest(
                $"{resource.Kind.Kind} in version \"{resource.Kind.Version}\" cannot be handled as a {resource.Kind.Kind}: strict decoding error: {string.Join(", ", problems)}");
        }

        foreach (var problem in problems)
        {
            if (!options.Warnings.Contains(problem)) options.Warnings.Add(problem);
        }
    }

    private static void RejectInvalid(ServedResource resource, JsonObject document, JsonObject? old)
    {
        var causes = Validation.Validate(document, old, resource.Kind);
        if (causes.Count > 0) throw Errors.Invalid(resource.Kind.Group, resource.Kind.Kind, document.Metadata().Text("name") ?? "", causes);
    }
}
