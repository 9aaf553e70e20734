using System.Net;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>Hands out loopback addresses of one range; an address is free again only after its holder gave it back.</summary>
internal sealed class AddressPool
{
    private readonly Lock guard = new();
    private readonly uint first;
    private readonly uint count;
    private readonly Dictionary<uint, string> holders = [];
    private uint next;

    /// <param name="range">For example 127.10.0.0/16. Its first and last address are never handed out.</param>
    public AddressPool(string range)
    {
        var network = IPNetwork.Parse(range);
        if (!IPAddress.IsLoopback(network.BaseAddress) || network.PrefixLength is < 8 or > 30)
            throw new ArgumentException($"{range} is not a range of loopback addresses (127.0.0.0/8, prefix 8 to 30)", nameof(range));
        first = Number(network.BaseAddress) + 1;
        count = (1u << (32 - network.PrefixLength)) - 2;
    }

    /// <summary>An address for a holder, always the same one while it holds it.</summary>
    /// <exception cref="InvalidOperationException">Every address of the range is taken.</exception>
    public string Take(string holder)
    {
        lock (guard)
        {
            foreach (var (offset, other) in holders)
            {
                if (other == holder)
                    return Text(offset);
            }
            // Going round instead of reusing the lowest keeps a dead pod's address unused for as long as possible.
            for (uint tried = 0; tried < count; tried++)
            {
                var offset = (next + tried) % count;
                if (!holders.TryAdd(offset, holder))
                    continue;
                next = (offset + 1) % count;
                return Text(offset);
            }
        }
        throw new InvalidOperationException($"all {count} addresses are taken");
    }

    /// <summary>Keeps an address that a holder already has; false when it is outside the range or another's.</summary>
    public bool TryReserve(string address, string holder)
    {
        if (!IPAddress.TryParse(address, out var parsed) || Number(parsed) - first >= count)
            return false;
        lock (guard)
        {
            var offset = Number(parsed) - first;
            if (!holders.TryAdd(offset, holder))
                return holders[offset] == holder;
            next = Math.Max(next, (offset + 1) % count);
            return true;
        }
    }

    public void Release(string holder)
    {
        lock (guard)
        {
            foreach (var offset in holders.Where(pair => pair.Value == holder).Select(pair => pair.Key).ToList())
                holders.Remove(offset);
        }
    }

    private string Text(uint offset)
    {
        var number = first + offset;
        return new IPAddress([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]).ToString();
    }

    private static uint Number(IPAddress address)
    {
        var octets = address.GetAddressBytes();
        return octets.Length != 4 ? 0 : ((uint)octets[0] << 24) | ((uint)octets[1] << 16) | ((uint)octets[2] << 8) | octets[3];
    }
}
