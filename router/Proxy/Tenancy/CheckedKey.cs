using Microsoft.AspNetCore.Connections.Features;

namespace Ops.Router;

/// <summary>
/// Who a connection's last request was let in as. A client repeats its header on every request of a connection, and the
/// server then keeps the same string; for that very string the digest or signature need not be computed again, which
/// costs more than choosing a replica. It is compared by reference and only with what the same connection sent, so it
/// tells nothing about anybody's key. A changed set of keys is a new set, and everything is checked anew; a token is
/// remembered for no longer than it is valid.
/// </summary>
internal sealed class CheckedKey
{
    private static readonly object Item = new();

    private ApiKeys? _keys;
    private string? _header;
    private Caller? _caller;
    private long _untilMs;

    /// <summary>Finds who was let in on this connection with the same header; null when nobody was, or not any longer.</summary>
    internal static Caller? Find(HttpContext context, string header, ApiKeys keys, long nowMs)
    {
        if (Items(context) is not { } items || !items.TryGetValue(Item, out var item))
            return null;
        var last = (CheckedKey)item!;
        return ReferenceEquals(last._header, header) && ReferenceEquals(last._keys, keys) && nowMs < last._untilMs ? last._caller : null;
    }

    /// <summary>Remembers who was let in.</summary>
    internal static void Remember(HttpContext context, string header, ApiKeys keys, Caller caller, long untilMs)
    {
        if (Items(context) is not { } items)
            return;
        if (!items.TryGetValue(Item, out var item))
            items[Item] = item = new CheckedKey();
        var last = (CheckedKey)item!;
        (last._keys, last._header, last._caller, last._untilMs) = (keys, header, caller, untilMs);
    }

    // Requests of an HTTP/2 connection run side by side, and its items are not made for that.
    private static IDictionary<object, object?>? Items(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) ? context.Features.Get<IConnectionItemsFeature>()?.Items : null;
}
