using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>What one apply wants, as the JSON that is sent.</summary>
internal sealed class Intent
{
    // What only the server sets, or what an apply may not carry.
    private static readonly string[] ServerMetadata =
        ["managedFields", "resourceVersion", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];

    private Intent(JsonObject fields, string type, bool status)
    {
        Fields = fields;
        Type = type;
        Json = fields.ToJsonString();
        Fingerprint = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Json)));
        Name = fields["metadata"]!["name"]?.GetValue<string>() ?? throw new ArgumentException("An intent needs metadata.name.", nameof(fields));
        Namespace = fields["metadata"]!["namespace"]?.GetValue<string>();
        Subresource = status ? "/status" : "";
        Manager = status ? ApplyWriter.StatusFieldManager : ApplyWriter.FieldManager;
    }

    /// <summary>The resource, for example deployments.apps.</summary>
    public string Type { get; }

    /// <summary>The wanted fields.</summary>
    public JsonObject Fields { get; }

    /// <summary>The body of the request.</summary>
    public string Json { get; }

    /// <summary>A digest of the body, so that many intents can be remembered cheaply.</summary>
    public string Fingerprint { get; }

    public string Name { get; }

    public string? Namespace { get; }

    /// <summary>/status or empty.</summary>
    public string Subresource { get; }

    public string Manager { get; }

    /// <summary>The intent of an object without its status.</summary>
    public static Intent OfObject<T>(T intent)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var body = ToJson(intent);
        body.Remove("status");
        foreach (var name in ServerMetadata)
            body["metadata"]!.AsObject().Remove(name);
        return new Intent(body, ResourceOf<T>.Name, status: false);
    }

    /// <summary>The intent of a status alone.</summary>
    public static Intent OfStatus<T>(T intent)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var all = ToJson(intent);
        var metadata = new JsonObject { ["name"] = intent.Metadata.Name };
        if (!string.IsNullOrEmpty(intent.Metadata.NamespaceProperty))
            metadata["namespace"] = intent.Metadata.NamespaceProperty;
        var body = new JsonObject
        {
            ["apiVersion"] = ResourceOf<T>.ApiVersion,
            ["kind"] = ResourceOf<T>.Kind,
            ["metadata"] = metadata,
            ["status"] = all["status"]?.DeepClone() ?? new JsonObject(),
        };
        return new Intent(body, ResourceOf<T>.Name, status: true);
    }

    /// <summary>True if the observed object shows that applying this would change nothing.</summary>
    public bool IsInForce<T>(T observed)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var apiVersion = Fields["apiVersion"]!.GetValue<string>();
        var entry = observed.Metadata.ManagedFields?.FirstOrDefault(f =>
            f.Manager == Manager && f.Operation == "Apply" && f.ApiVersion == apiVersion && f.Subresource is null or "" or "status");
        if (entry?.FieldsV1 is null)
            return false;
        var owned = entry.FieldsV1 is JsonElement json ? json : JsonSerializer.SerializeToElement(entry.FieldsV1);
        return IntentComparison.InForce(Fields, ToJson(observed), owned);
    }

    private static JsonObject ToJson<T>(T obj)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var json = JsonNode.Parse(KubernetesJson.Serialize(obj))!.AsObject();
        json["apiVersion"] = ResourceOf<T>.ApiVersion;
        json["kind"] = ResourceOf<T>.Kind;
        return json;
    }
}
