using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Admission;

/// <summary>Kinds that the sandbox stores, so that manifests apply unchanged, but does not act on: it says so with a Warning.</summary>
internal sealed class UnenforcedKinds : IAdmissionPlugin
{
    private static readonly HashSet<string> Kinds = new(StringComparer.Ordinal)
    {
        "NetworkPolicy", "HorizontalPodAutoscaler", "Ingress", "IngressClass", "CronJob",
    };

    public bool Applies(ServedResource resource) => !resource.Kind.IsCustom && Kinds.Contains(resource.Kind.Kind);

    public void BeforeDefaults(AdmissionContext context)
    {
        if (context.IsCreate) context.Options.Warnings.Add($"the sandbox stores {context.Resource.Kind.Kind} objects but does not act on them");
    }
}
