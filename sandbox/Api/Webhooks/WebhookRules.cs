using System.Net;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Admission;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Webhooks;

/// <summary>
/// A configuration is checked before it is stored; what the sandbox would not do is refused rather than stored: a webhook that
/// is never asked would pretend a protection that is not there.
/// </summary>
internal sealed class WebhookRules : IAdmissionPlugin
{
    public bool Applies(ServedResource resource) => resource.Storage == Known.MutatingWebhooks || resource.Storage == Known.ValidatingWebhooks;

    public void AfterDefaults(AdmissionContext context)
    {
        var causes = context.Document.Items("webhooks").SelectMany((hook, place) => Causes(hook, $"webhooks[{place}]")).ToList();
        if (causes.Count > 0) throw Errors.Invalid(context.Resource.Kind.Group, context.Resource.Kind.Kind, context.Name, causes);
    }

    private static IEnumerable<FieldCause> Causes(JsonObject hook, string path)
    {
        if ((hook.Text("name") ?? "").Split('.').Length < 3)
            yield return Invalid($"{path}.name", hook.Text("name"), "should be a domain with at least three segments separated by dots");
        if (!hook.Texts("admissionReviewVersions").Contains("v1"))
            yield return Invalid($"{path}.admissionReviewVersions", string.Join(", ", hook.Texts("admissionReviewVersions")), "must include at least one of v1");
        if (hook.Text("sideEffects") is not ("None" or "NoneOnDryRun"))
            yield return new("FieldValueNotSupported", $"Unsupported value: \"{hook.Text("sideEffects")}\": supported values: \"None\", \"NoneOnDryRun\"", $"{path}.sideEffects");
        if (hook.Number("timeoutSeconds") is { } timeout and (< 1 or > 30))
            yield return new("FieldValueInvalid", $"Invalid value: {timeout}: the timeout value must be between 1 and 30 seconds", $"{path}.timeoutSeconds");
        if (hook.Items("matchConditions").Any())
            yield return new("FieldValueForbidden", "Forbidden: the sandbox does not evaluate match conditions", $"{path}.matchConditions");
        if (hook.Items("rules").Any(rule => rule.Texts("operations").Contains("CONNECT")))
            yield return new("FieldValueForbidden", "Forbidden: the sandbox asks no webhook about CONNECT", $"{path}.rules");
        foreach (var cause in OfClient(hook.Child("clientConfig") ?? [], $"{path}.clientConfig"))
            yield return cause;
    }

    private static IEnumerable<FieldCause> OfClient(JsonObject config, string path)
    {
        if (config["url"] is null == config["service"] is null)
        {
            yield return new("FieldValueRequired", "Required value: exactly one of url or service is required", path);
        }
        else if (config.Text("url") is { } text)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != "https")
                yield return Invalid($"{path}.url", text, "'https' is the only allowed URL scheme; desired format: https://host[/path]");
            // Nothing of a sandbox leaves this machine.
            else if (url.Host != "localhost" && !(IPAddress.TryParse(url.Host, out var address) && IPAddress.IsLoopback(address)))
                yield return Invalid($"{path}.url", text, "the sandbox asks webhooks on the loopback address only");
        }
        else if (config.Child("service").Text("path") is { } servicePath && !servicePath.StartsWith('/'))
        {
            yield return Invalid($"{path}.service.path", servicePath, "must start with a '/'");
        }
    }

    private static FieldCause Invalid(string field, string? value, string why) => new("FieldValueInvalid", $"Invalid value: \"{value}\": {why}", field);
}
