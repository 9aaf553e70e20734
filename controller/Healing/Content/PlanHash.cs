using System.Text.Json.Nodes;
using k8s;
using Ops.Api;

namespace Ops.Healing.Content;

/// <summary>What an approval is bound to: the plan and the object that holds it.</summary>
public static class PlanHash
{
    /// <summary>SHA-256 of the uid and the spec with its preconditions in canonical JSON, but for suspend, which is no part of the plan.</summary>
    /// <param name="remediation">A remediation as the server holds it.</param>
    public static string Of(Remediation remediation)
    {
        var plan = JsonNode.Parse(KubernetesJson.Serialize(BoundPlan.Of(remediation).Spec with { Suspend = false }))!;
        return CanonicalJson.Digest(new JsonObject { ["uid"] = remediation.Metadata.Uid, ["plan"] = plan });
    }
}
