using System.Text;
using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Webhooks;

/// <summary>
/// Asks the webhooks that want to know of a write, outside the store's lock: a slow one holds up nobody else. Those that may
/// change the object come first and see what the one before made of it; reinvocation is not done.
/// </summary>
internal sealed class WebhookAdmission(ObjectStore store)
{
    private readonly WebhookCaller caller = new(store);

    /// <summary>Whether anybody has to be asked.</summary>
    public static bool IsNeeded(StoreSnapshot snapshot, WebhookQuestion question) => Webhook.For(snapshot, question).Count > 0;

    /// <summary>Asks them all.</summary>
    /// <returns>The object as they left it.</returns>
    /// <exception cref="ApiException">One of them refuses, or cannot be asked and its failurePolicy is Fail.</exception>
    public JsonObject? Ask(WebhookQuestion question, IList<string> warnings)
    {
        var document = question.Document?.DeepClone().AsObject();
        foreach (var hook in Webhook.For(store.Snapshot, question))
            document = Ask(hook, question, document, warnings);
        return document;
    }

    private JsonObject? Ask(Webhook hook, WebhookQuestion question, JsonObject? document, IList<string> warnings)
    {
        var uid = Guid.NewGuid().ToString();
        JsonObject response;
        try
        {
            response = caller.Ask(hook, uid, question.Review(uid, document));
        }
        catch (WebhookFailedException failure)
        {
            return hook.IsIgnored ? document : throw Errors.Internal($"Internal error occurred: failed calling webhook \"{hook.Name}\": {failure.Message}");
        }

        foreach (var warning in response.Texts("warnings"))
            warnings.Add(warning);
        if (!response.Flag("allowed"))
            throw Denied(hook, response.Child("status"));
        if (!hook.Mutates || document is null || response.Text("patch") is not { Length: > 0 } patch)
            return document;
        try
        {
            return JsonPatch.Apply(document, (JsonArray)JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(patch)))!) as JsonObject ?? throw new PatchFailedException("the patch leaves no object", malformed: true);
        }
        catch (Exception wrong) when (wrong is PatchFailedException or FormatException or System.Text.Json.JsonException or InvalidCastException)
        {
            throw Errors.Internal($"Internal error occurred: error applying patch of webhook \"{hook.Name}\": {wrong.Message}");
        }
    }

    // A code below 400 beside a refusal, or none, counts as 400.
    private static ApiException Denied(Webhook hook, JsonObject? status)
    {
        var by = $"admission webhook \"{hook.Name}\" denied the request";
        var (message, reason) = (status.Text("message"), status.Text("reason"));
        return new ApiException(new V1Status
        {
            ApiVersion = "v1", Kind = "Status", Metadata = new V1ListMeta(), Status = "Failure",
            Code = (int)Math.Max(400, status.Number("code") ?? 400), Reason = reason,
            Message = !string.IsNullOrEmpty(message) ? $"{by}: {message}" : !string.IsNullOrEmpty(reason) ? $"{by}: {reason}" : $"{by} without explanation",
        });
    }
}
