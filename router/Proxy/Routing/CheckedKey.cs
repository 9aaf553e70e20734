using Microsoft.AspNetCore.Connections.Features;

namespace Ops.Router;

/// <summary>
/// The key that a connection's last request was let in with. A client repeats its header on every request of a
/// connection, and the server then keeps the same string; for that very string the digest need not be taken again,
/// which costs more than choosing a replica. It is compared by reference and only with what the same connection sent,
/// so it tells nothing about anybody's key. A changed set of keys is a new set, and everything is checked anew.
/// </summary>
internal sealed class CheckedKey
{
    private static readonly object Item = new();

    private ApiKeys? _keys;
    private string? _header;
    private string? _id;

    /// <summary>Finds the id of a presented key.</summary>
    /// <param name="context">The request.</param>
    /// <param name="header">The header as the server holds it.</param>
    /// <param name="presented">The key in it.</param>
    /// <param name="keys">Who may ask.</param>
    internal static string? Find(HttpContext context, string header, ReadOnlySpan<char> presented, ApiKeys keys)
    {
        // Requests of an HTTP/2 connection run side by side, and its items are not made for that.
        if (!HttpProtocol.IsHttp11(context.Request.Protocol) || context.Features.Get<IConnectionItemsFeature>()?.Items is not { } items)
            return keys.Find(presented);
        var last = items.TryGetValue(Item, out var item) ? (CheckedKey)item! : null;
        if (last is not null && ReferenceEquals(last._header, header) && ReferenceEquals(last._keys, keys))
            return last._id;

        var id = keys.Find(presented);
        if (id is null)
            return null;
        if (last is null)
            items[Item] = last = new CheckedKey();
        (last._keys, last._header, last._id) = (keys, header, id);
        return id;
    }
}
