using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Admission;

/// <summary>A pod runs as a service account that exists; "default" when it names none.</summary>
internal sealed class PodIdentity : IAdmissionPlugin
{
    public bool Applies(ServedResource resource) => resource.Storage == Known.Pods;

    public void BeforeDefaults(AdmissionContext context)
    {
        if (!context.IsCreate || context.Document.Child("spec") is not { } spec) return;
        var account = spec.Text("serviceAccountName") ?? spec.Text("serviceAccount");
        if (string.IsNullOrEmpty(account)) account = "default";
        spec["serviceAccountName"] = account;
        spec["serviceAccount"] = account;

        // The default account is made by a controller a moment after its namespace; a pod that comes first need not fail.
        if (account != "default" && context.Transaction.Find(Known.ServiceAccounts, new ObjectId(context.Namespace, account)) is null)
            throw Errors.Forbidden(Known.Pods, context.Name, $"error looking up service account {context.Namespace}/{account}: serviceaccount \"{account}\" not found");
    }

    public void AfterDefaults(AdmissionContext context)
    {
        if (!context.IsCreate) return;
        if (context.Document["status"] is not JsonObject status)
        {
            status = [];
            context.Document["status"] = status;
        }

        status["phase"] ??= "Pending";
        status["qosClass"] ??= QualityOfService(context.Document.Child("spec"));
    }

    /// <summary>Guaranteed when every container's limits equal its requests for cpu and memory; BestEffort when none has any.</summary>
    private static string QualityOfService(JsonObject? spec)
    {
        var containers = spec.Items("containers").Concat(spec.Items("initContainers")).ToList();
        var any = false;
        var guaranteed = containers.Count > 0;
        foreach (var resources in containers.Select(c => c.Child("resources")))
        {
            foreach (var name in new[] { "cpu", "memory" })
            {
                var (request, limit) = (resources.Child("requests")?[name], resources.Child("limits")?[name]);
                any |= request is not null || limit is not null;
                guaranteed &= limit is not null && (request is null || JsonNode.DeepEquals(request, limit));
            }
        }

        return guaranteed ? "Guaranteed" : any ? "Burstable" : "BestEffort";
    }
}
