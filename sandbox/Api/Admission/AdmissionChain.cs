using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Admission;

/// <summary>A write on its way to the store. Plugins may change <paramref name="Document"/> or throw a refusal.</summary>
/// <param name="Transaction">The open transaction: what plugins read here is what the write will be stored beside.</param>
/// <param name="Resource">The resource and version of the request.</param>
/// <param name="Namespace">Empty for cluster-scoped objects.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Document">The object as it will be stored.</param>
/// <param name="Old">The live object; null when the write creates.</param>
/// <param name="Options">How the write was asked for.</param>
internal sealed record AdmissionContext(
    StoreTransaction Transaction,
    ServedResource Resource,
    string Namespace,
    string Name,
    JsonObject Document,
    JsonObject? Old,
    WriteOptions Options)
{
    public bool IsCreate => Old is null;
}

/// <summary>One rule about one kind, beside its schema.</summary>
internal interface IAdmissionPlugin
{
    /// <summary>Whether the plugin has anything to say about this resource.</summary>
    bool Applies(ServedResource resource);

    /// <summary>Runs before schema defaults are filled in.</summary>
    void BeforeDefaults(AdmissionContext context)
    {
    }

    /// <summary>Runs on the complete object, before validation.</summary>
    void AfterDefaults(AdmissionContext context)
    {
    }

    /// <summary>Runs last, on a valid object that webhooks have seen.</summary>
    void BeforeStore(AdmissionContext context)
    {
    }
}

/// <summary>The plugins in the order in which they run.</summary>
internal sealed class AdmissionChain(params IReadOnlyList<IAdmissionPlugin> plugins)
{
    public void BeforeDefaults(AdmissionContext context)
    {
        foreach (var plugin in plugins)
        {
            if (plugin.Applies(context.Resource)) plugin.BeforeDefaults(context);
        }
    }

    public void AfterDefaults(AdmissionContext context)
    {
        foreach (var plugin in plugins)
        {
            if (plugin.Applies(context.Resource)) plugin.AfterDefaults(context);
        }
    }

    public void BeforeStore(AdmissionContext context)
    {
        foreach (var plugin in plugins)
        {
            if (plugin.Applies(context.Resource)) plugin.BeforeStore(context);
        }
    }
}
