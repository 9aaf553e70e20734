using System.Text.Json.Nodes;

namespace Ops.Sandbox.Api.Admission.Quotas;

/// <summary>Which pods a quota is about. Objects of other kinds are never within a scope.</summary>
internal static class QuotaScope
{
    /// <summary>Whether a pod is within all scopes of a quota; true where it has none.</summary>
    public static bool Includes(JsonObject quota, bool isPod, JsonObject document)
    {
        var spec = quota.Child("spec");
        var scopes = spec.Texts("scopes").Select(name => (Name: name, Rule: (JsonObject?)null))
            .Concat(spec.Child("scopeSelector").Items("matchExpressions").Select(rule => (Name: rule.Text("scopeName") ?? "", Rule: (JsonObject?)rule)));
        return scopes.All(scope => isPod && Matches(scope.Name, scope.Rule, document));
    }

    private static bool Matches(string scope, JsonObject? rule, JsonObject pod)
    {
        var spec = pod.Child("spec");
        var isBestEffort = pod.Child("status").Text("qosClass") == "BestEffort";
        return scope switch
        {
            "Terminating" => spec.Number("activeDeadlineSeconds") >= 0,
            "NotTerminating" => spec.Number("activeDeadlineSeconds") is null,
            "BestEffort" => isBestEffort,
            "NotBestEffort" => !isBestEffort,
            "PriorityClass" => HasClass(rule, spec.Text("priorityClassName") ?? ""),
            _ => false,
        };
    }

    private static bool HasClass(JsonObject? rule, string name) => rule.Text("operator") switch
    {
        "In" => rule.Texts("values").Contains(name),
        "NotIn" => !rule.Texts("values").Contains(name),
        "DoesNotExist" => name.Length == 0,
        _ => name.Length > 0,
    };
}
