using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Store;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>One resource at one version: the schema that clients speak and the place where its objects are stored.</summary>
/// <param name="Kind">The served kind.</param>
/// <param name="Storage">Where its objects live; shared by all versions of a kind.</param>
/// <param name="StorageApiVersion">The apiVersion inside stored documents.</param>
internal sealed record ServedResource(KindDefinition Kind, ResourceId Storage, string StorageApiVersion)
{
    /// <summary>Group and plural as the client named them; used in error messages.</summary>
    public ResourceId Id { get; } = new(Kind.Group, Kind.Plural);

    /// <summary>Changes when the schema does; built-in schemas change only with the program.</summary>
    public string Fingerprint { get; init; } = typeof(ServedResource).Module.ModuleVersionId.ToString("N");

    /// <summary>group/version, or v1 for the core group.</summary>
    public string ApiVersion { get; } = ApiVersionOf(Kind.Group, Kind.Version);

    /// <summary>True when reading needs no conversion, so stored bytes can be sent as they are.</summary>
    public bool IsStorageVersion => ApiVersion == StorageApiVersion;

    public static string ApiVersionOf(string group, string version) => group.Length == 0 ? version : $"{group}/{version}";

    /// <summary>A stored document in this version.</summary>
    public JsonObject FromStorage(JsonObject stored)
    {
        if (IsStorageVersion) return stored;
        if (EventConversion.Applies(Storage)) return EventConversion.ToEventsGroup(stored);
        stored["apiVersion"] = ApiVersion;
        return stored;
    }

    /// <summary>A client's document in the version that is stored.</summary>
    public JsonObject ToStorage(JsonObject document)
    {
        if (IsStorageVersion) return document;
        if (EventConversion.Applies(Storage)) return EventConversion.ToCoreGroup(document);
        document["apiVersion"] = StorageApiVersion;
        return document;
    }
}
