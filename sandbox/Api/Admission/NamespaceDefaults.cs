using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Admission;

/// <summary>A namespace carries its own name as a label, the finalizer that its cleaning takes off, and a phase.</summary>
internal sealed class NamespaceDefaults : IAdmissionPlugin
{
    public const string Finalizer = "kubernetes";

    public const string NameLabel = "kubernetes.io/metadata.name";

    public bool Applies(ServedResource resource) => resource.Storage == Known.Namespaces;

    public void AfterDefaults(AdmissionContext context)
    {
        var document = context.Document;
        Member(document.Metadata(), "labels")[NameLabel] = context.Name;
        if (context.IsCreate)
        {
            Member(document, "spec")["finalizers"] = new JsonArray(Finalizer);
            Member(document, "status")["phase"] = "Active";
        }
        else if (context.Options.Subresource != "finalize" && context.Old!["spec"] is { } spec)
        {
            document["spec"] = spec.DeepClone();
        }
    }

    private static JsonObject Member(JsonObject parent, string name)
    {
        if (parent[name] is JsonObject existing) return existing;
        var created = new JsonObject();
        parent[name] = created;
        return created;
    }
}
