using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ops.Sandbox.Objects;

namespace Ops.Sandbox.Api.Resources;

/// <summary>The metadata that the server gives to a new object.</summary>
internal static class NewObject
{
    /// <summary>kube-apiserver's alphabet for generated names: no vowels, nothing that reads as another letter.</summary>
    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>The name, made from generateName where there is none: the prefix, cut to 58 characters, and five more.</summary>
    public static string ChooseName(JsonObject metadata)
    {
        var name = metadata.Text("name");
        if (!string.IsNullOrEmpty(name)) return name;
        var prefix = metadata.Text("generateName");
        if (string.IsNullOrEmpty(prefix)) return "";
        name = (prefix.Length > 58 ? prefix[..58] : prefix) + RandomNumberGenerator.GetString(NameAlphabet, 5);
        metadata["name"] = name;
        return name;
    }

    public static void StampMetadata(JsonObject metadata, KindDefinition kind, string ns, DateTimeOffset now, bool keepManagedFields)
    {
        foreach (var name in new[] { "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion" }) metadata.Remove(name);
        if (!keepManagedFields) metadata.Remove("managedFields");
        if (kind.Namespaced) metadata["namespace"] = ns;
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = Seconds(now);
        if (kind.GenerationRule != GenerationRule.None) metadata["generation"] = 1;
        else metadata.Remove("generation");
    }

    /// <summary>RFC 3339 in seconds, as metadata times stand on the wire.</summary>
    public static string Seconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
