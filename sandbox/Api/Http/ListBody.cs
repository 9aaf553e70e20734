using System.Text;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api.Resources;

namespace Ops.Sandbox.Api.Http;

/// <summary>The bytes of a list, put together from stored bytes.</summary>
internal static class ListBody
{
    public static byte[] Write(ServedResource resource, ListPage page)
    {
        using var body = new MemoryStream(256 + page.Items.Sum(i => i.Json.Length));
        body.Write(Encoding.UTF8.GetBytes(
            $"{{\"kind\":\"{resource.Kind.ListKind}\",\"apiVersion\":\"{resource.ApiVersion}\",\"metadata\":{Metadata(resource, page).ToJsonString(JsonText.Compact)},\"items\":["));
        for (var i = 0; i < page.Items.Count; i++)
        {
            if (i > 0) body.WriteByte((byte)',');
            var item = page.Items[i];
            if (!resource.IsStorageVersion)
            {
                body.Write(Encoding.UTF8.GetBytes(resource.FromStorage(item.Parse()).ToJsonString(JsonText.Compact)));
            }
            else if (resource.Kind.IsCustom)
            {
                body.Write(item.Json);
            }
            else
            {
                body.WriteByte((byte)'{');
                body.Write(item.Json.AsSpan(item.TypeMetaLength));
            }
        }

        body.Write("]}"u8);
        return body.ToArray();
    }

    public static JsonObject Metadata(ServedResource resource, ListPage page)
    {
        var metadata = new JsonObject { ["resourceVersion"] = page.Revision.ToString() };
        if (page.Continue is not null) metadata["continue"] = page.Continue;
        else if (resource.Kind.IsCustom) metadata["continue"] = "";
        if (page.Remaining is { } remaining) metadata["remainingItemCount"] = remaining;
        return metadata;
    }
}
