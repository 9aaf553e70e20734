using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Admission;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Crd;

/// <summary>A CustomResourceDefinition is defaulted and checked beyond its schema before it is stored.</summary>
internal sealed class CrdAdmission : IAdmissionPlugin
{
    public bool Applies(ServedResource resource) => resource.Storage == Known.Crds;

    public void BeforeDefaults(AdmissionContext context)
    {
        if (context.Document.Child("spec") is not { } spec) return;
        spec["conversion"] ??= new JsonObject { ["strategy"] = "None" };
        if (spec["names"] is not JsonObject names || names.Text("kind") is not { Length: > 0 } kind) return;
        names["singular"] ??= kind.ToLowerInvariant();
        names["listKind"] ??= $"{kind}List";
    }

    public void AfterDefaults(AdmissionContext context)
    {
        var causes = CrdValidation.Validate(context.Document);
        if (causes.Count > 0) throw Errors.Invalid(Known.Crds.Group, "CustomResourceDefinition", context.Name, causes);
        if (context.Document.At("spec", "conversion", "strategy").AsText() == "Webhook")
        {
            throw Errors.Invalid(
                Known.Crds.Group, "CustomResourceDefinition", context.Name, "FieldValueNotSupported", "Unsupported value: \"Webhook\": supported values: \"None\"", "spec.conversion.strategy");
        }
    }
}
