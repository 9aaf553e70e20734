using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Admission;

/// <summary>
/// The pod security levels of a namespace's labels: pods beyond <c>enforce</c> are refused, pods and pod templates beyond
/// <c>warn</c> are answered with a warning. Versions other than the latest are not told apart.
/// </summary>
internal sealed class PodSecurity : IAdmissionPlugin
{
    private const string Label = "pod-security.kubernetes.io/";

    private static readonly string[] Levels = ["privileged", "baseline", "restricted"];

    public bool Applies(ServedResource resource) => resource.Storage == Known.Pods || resource.Storage == Known.Namespaces || TemplateOf(resource) is not null;

    public void AfterDefaults(AdmissionContext context)
    {
        // A pod's status, its binding and its ephemeral state change nothing that a level looks at.
        if (context.Options.Subresource is not null) return;
        if (context.Resource.Storage == Known.Namespaces)
        {
            CheckNamespace(context);
            return;
        }

        if (!context.IsCreate && context.Resource.Storage == Known.Pods) return;
        if (context.Transaction.Find(Known.Namespaces, new ObjectId("", context.Namespace))?.Parse() is not { } ns) return;
        var template = context.Resource.Storage == Known.Pods ? context.Document : TemplateOf(context.Resource)!.Aggregate((JsonObject?)context.Document, (node, name) => node.Child(name));
        if (template.Child("spec") is not { } spec) return;
        if (context.Resource.Storage == Known.Pods && Violations(ns, "enforce", spec) is { } refusal)
            throw Errors.Forbidden(Known.Pods, context.Name, $"violates PodSecurity {refusal}");
        if (Violations(ns, "warn", spec) is { } warning)
            context.Options.Warnings.Add($"would violate PodSecurity {warning}");
    }

    private static void CheckNamespace(AdmissionContext context)
    {
        foreach (var mode in (string[])["enforce", "warn", "audit"])
        {
            if (LabelsOf(context.Document).Text(Label + mode) is { } level && !Levels.Contains(level))
            {
                throw Errors.Invalid(
                    "", "Namespace", context.Name, "FieldValueInvalid", $"Invalid value: \"{level}\": must be one of privileged, baseline, restricted", $"metadata.labels[{Label}{mode}]");
            }
        }

        if (context.IsCreate || LabelsOf(context.Document).Text(Label + "enforce") == LabelsOf(context.Old!).Text(Label + "enforce")) return;
        var broken = context.Transaction.Snapshot.Of(Known.Pods).Values.Where(pod => pod.Id.Namespace == context.Name)
            .Select(pod => (pod.Id.Name, Violation: pod.Parse().Child("spec") is { } spec ? Violations(context.Document, "enforce", spec) : null))
            .Where(pod => pod.Violation is not null).OrderBy(pod => pod.Name, StringComparer.Ordinal).ToList();
        if (broken.Count == 0) return;
        context.Options.Warnings.Add($"existing pods in namespace \"{context.Name}\" violate the new PodSecurity enforce level {broken[0].Violation!.Split(": ")[0]}");
        context.Options.Warnings.Add($"{broken[0].Name}{(broken.Count > 1 ? $" (and {broken.Count - 1} other pod{(broken.Count > 2 ? "s" : "")})" : "")}: {string.Join(", ", PodSecurityChecks.Run(LevelOf(context.Document, "enforce"), ViolatorOf(context, broken[0].Name)).Select(one => one.Reason))}");
    }

    private static JsonObject ViolatorOf(AdmissionContext context, string name) =>
        context.Transaction.Find(Known.Pods, new ObjectId(context.Name, name))!.Parse().Child("spec")!;

    // "restricted:latest": privileged (container "c" must not set securityContext.privileged=true), ...
    private static string? Violations(JsonObject ns, string mode, JsonObject spec)
    {
        var level = LevelOf(ns, mode);
        var violations = PodSecurityChecks.Run(level, spec);
        var version = LabelsOf(ns).Text($"{Label}{mode}-version") ?? "latest";
        return violations.Count == 0 ? null : $"\"{level}:{version}\": {string.Join(", ", violations.Select(one => $"{one.Reason} ({one.Detail})"))}";
    }

    private static string LevelOf(JsonObject ns, string mode) => LabelsOf(ns).Text(Label + mode) ?? "privileged";

    private static JsonObject LabelsOf(JsonObject ns) => ns.Metadata().Child("labels") ?? [];

    private static string[]? TemplateOf(ServedResource resource) => (resource.Id.Group, resource.Id.Plural) switch
    {
        ("apps", "deployments" or "replicasets" or "statefulsets" or "daemonsets") or ("batch", "jobs") or ("", "replicationcontrollers") => ["spec", "template"],
        ("batch", "cronjobs") => ["spec", "jobTemplate", "spec", "template"],
        _ => null,
    };
}
