using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>A complete list at one resourceVersion.</summary>
/// <param name="Items">The objects that could be read.</param>
/// <param name="Unreadable">Keys of objects that exist but do not fit the type.</param>
/// <param name="ResourceVersion">Where a watch continues.</param>
internal sealed record Listing<T>(IReadOnlyList<T> Items, IReadOnlySet<ObjectKey> Unreadable, string ResourceVersion);

/// <summary>Lists a kind in pages, from the newest data (no resourceVersion is sent, so a lagging replica cannot answer).</summary>
internal sealed class Lister<T>(KubeClient client, string? ns, string? labelSelector, string? fieldSelector, int pageSize = 500, string? olderVersion = null)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>The query string of the selectors, each pair with a leading ampersand.</summary>
    public string Selectors { get; } = Pair("labelSelector", labelSelector) + Pair("fieldSelector", fieldSelector);

    /// <summary>The collection's path, in the version that the server answered last.</summary>
    public string Path { get; private set; } = ResourceOf<T>.Collection(ns);

    /// <summary>
    /// Lists everything. All pages come from one snapshot on the server; when that snapshot is compacted away in between,
    /// the whole list is fetched again in one piece, because pages that were too slow once would be too slow again.
    /// </summary>
    public async Task<Listing<T>> ListAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ListPagesAsync(pageSize, cancellationToken);
        }
        catch (KubeApiException e) when (e.StatusCode == HttpStatusCode.NotFound && olderVersion is not null)
        {
            // Not served in this version: take the other one, and come back to the first when the server was upgraded.
            var own = ResourceOf<T>.Collection(ns);
            Path = Path == own ? ResourceOf<T>.Collection(ns, olderVersion) : own;
            return await ListPagesAsync(pageSize, cancellationToken);
        }
        catch (KubeApiException e) when (e.IsExpired)
        {
            return await ListPagesAsync(0, cancellationToken);
        }
    }

    private async Task<Listing<T>> ListPagesAsync(int limit, CancellationToken cancellationToken)
    {
        var items = new List<T>();
        var unreadable = new HashSet<ObjectKey>();
        string? token = null;
        while (true)
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"?limit={limit}{Selectors}{Pair("continue", token)}");
            var (body, _) = await client.SendForBytesAsync(HttpMethod.Get, Path + query, null, cancellationToken);
            using var page = JsonDocument.Parse(body);
            ReadItems(page.RootElement, items, unreadable);
            var metadata = page.RootElement.GetProperty("metadata");
            token = metadata.TryGetProperty("continue", out var more) ? more.GetString() : null;
            if (string.IsNullOrEmpty(token))
            {
                Meters.Listed(ResourceOf<T>.Name);
                return new Listing<T>(items, unreadable, metadata.GetProperty("resourceVersion").GetString() ?? "");
            }
        }
    }

    // One object that does not fit the type must not hide all others.
    private static void ReadItems(JsonElement page, List<T> items, HashSet<ObjectKey> unreadable)
    {
        if (!page.TryGetProperty("items", out var array) || array.ValueKind != JsonValueKind.Array)
            return;
        foreach (var item in array.EnumerateArray())
        {
            if (ObjectReader<T>.TryRead(item, out var obj, out var key))
                items.Add(obj);
            else if (key is { } known)
                unreadable.Add(known);
        }
    }

    private static string Pair(string name, string? value) =>
        string.IsNullOrEmpty(value) ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
