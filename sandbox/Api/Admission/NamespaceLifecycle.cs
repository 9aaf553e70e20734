using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Admission;

/// <summary>Nothing new in a namespace that is missing or on its way out.</summary>
internal sealed class NamespaceLifecycle : IAdmissionPlugin
{
    public bool Applies(ServedResource resource) => resource.Kind.Namespaced;

    public void BeforeDefaults(AdmissionContext context)
    {
        if (!context.IsCreate) return;
        var ns = context.Transaction.Find(Known.Namespaces, new ObjectId("", context.Namespace))
            ?? throw Errors.NotFound(Known.Namespaces, context.Namespace);
        if (ns.Parse().Metadata().ContainsKey("deletionTimestamp"))
            throw Errors.NamespaceTerminating(context.Resource.Id, context.Name, context.Namespace);
    }
}
