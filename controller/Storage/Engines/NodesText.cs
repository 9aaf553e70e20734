using System.Collections.Immutable;
using System.Globalization;
using Ops.Storage.Cluster;
using Ops.Storage.Slots;

namespace Ops.Storage.Engines;

/// <summary>
/// Reads CLUSTER NODES. A node may be lying or from another world: a line that does not read is an error that names it.
/// </summary>
/// <remarks>
/// 07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,host slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1426238317239 4 connected
/// e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460 [93-&gt;-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f] [77-&lt;-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f]
/// </remarks>
internal static class NodesText
{
    // A cluster of the engine has at most 1,000 nodes by its own documentation; a line has at most some 100 KB of slots.
    private const int MaxLines = 2_000;

    /// <summary>Reads a node's answer.</summary>
    /// <exception cref="FormatException">It is no such answer.</exception>
    internal static NodeView Read(string member, StoreAddress address, string text)
    {
        NodeView? self = null;
        var peers = ImmutableArray.CreateBuilder<PeerView>();
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length > MaxLines)
            throw new FormatException($"{member} claims to know {lines.Length} nodes; at most {MaxLines} are believed");
        foreach (var line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 8 || !long.TryParse(fields[6], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
                throw new FormatException($"{member} describes a node with {Quoted(line)}, which is no line of CLUSTER NODES");
            if (!IsId(fields[0]) || (fields[3] != "-" && !IsId(fields[3])))
                throw new FormatException($"{member} names a node {Quoted(fields[0])} with the primary {Quoted(fields[3])}; an id has at most 64 letters and digits");
            var flags = fields[2].Split(',');
            var primary = fields[3] == "-" ? null : fields[3];
            var slots = SlotSet.Of(fields.Skip(8).Where(field => !field.StartsWith('[')).SelectMany(field => Run(member, field)));
            if (flags.Contains("myself"))
                self = new NodeView { Member = member, Id = fields[0], Address = address, PrimaryId = primary, Slots = slots, Epoch = epoch, NoFailover = flags.Contains("nofailover"), Migrating = Open(fields, "->-"), Importing = Open(fields, "-<-") };
            else if (!flags.Contains("handshake"))
                peers.Add(new PeerView(fields[0], Address(fields[1]), fields[7] == "connected", flags.Contains("fail"), primary, slots, epoch) { Unheard = flags.Contains("fail?") });
        }

        return self is null ? throw new FormatException($"{member} does not say which node it is") : self with { Peers = peers.DrainToImmutable() };
    }

    // 127.0.0.1:30004@31004,hostname; an IPv6 address has colons of its own. A node that does not know an address writes :0@0.
    private static StoreAddress Address(string field)
    {
        var end = field.IndexOfAny(['@', ',']);
        var text = end < 0 ? field : field[..end];
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? new StoreAddress(text[..colon], port) : default;
    }

    private static IEnumerable<int> Run(string member, string field)
    {
        var dash = field.IndexOf('-');
        var last = 0;
        var good = int.TryParse(dash < 0 ? field : field.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(dash < 0 ? field : field.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && first <= last && last < SlotSet.Slots;
        return good ? Enumerable.Range(first, last - first + 1) : throw new FormatException($"{member} claims the slots {Quoted(field)}");
    }

    // [93->-id] is slot 93 on its way out, [77-<-id] slot 77 on its way in.
    private static ImmutableSortedDictionary<int, string> Open(string[] fields, string arrow)
    {
        var open = ImmutableSortedDictionary.CreateBuilder<int, string>();
        foreach (var field in fields.Skip(8).Where(field => field.StartsWith('[') && field.EndsWith(']')))
        {
            var at = field.IndexOf(arrow, StringComparison.Ordinal);
            if (at > 0 && int.TryParse(field.AsSpan(1, at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var slot) && slot < SlotSet.Slots)
                open[slot] = field[(at + arrow.Length)..^1];
        }

        return open.ToImmutable();
    }

    private static bool IsId(string text) => text.Length is > 0 and <= 64 && text.All(char.IsAsciiLetterOrDigit);

    // The text is shown to people, and a node that speaks nonsense may put anything into it.
    private static string Quoted(string text)
    {
        var plain = new string([.. text.Take(80).Select(letter => letter is >= ' ' and <= '~' and not '"' ? letter : '?')]);
        return $"\"{plain}{(text.Length > 80 ? "..." : "")}\"";
    }
}
