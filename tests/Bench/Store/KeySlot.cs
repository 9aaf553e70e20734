using System.Text;
using Ops.Storage.Slots;

namespace Ops.Bench.Store;

/// <summary>The slot of a key: CRC16 (XMODEM) of what stands between the first braces, else of the whole key, modulo 16384.</summary>
internal static class KeySlot
{
    private static readonly Lazy<string[]> Tags = new(FindTags);

    /// <summary>The slot of a key.</summary>
    internal static int Of(string key)
    {
        var open = key.IndexOf('{');
        var close = open < 0 ? -1 : key.IndexOf('}', open);
        var hashed = close > open + 1 ? key[(open + 1)..close] : key;
        var crc = 0;
        foreach (var one in Encoding.UTF8.GetBytes(hashed))
        {
            crc ^= one << 8;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 0x8000) != 0 ? ((crc << 1) ^ 0x1021) & 0xFFFF : (crc << 1) & 0xFFFF;
        }

        return crc % SlotSet.Slots;
    }

    /// <summary>A key of the slot.</summary>
    internal static string KeyOf(int slot, string name) => $"{{{Tags.Value[slot]}}}{name}";

    // Numbers fall on the slots as lots do: 16,384 x ln 16,384 is about 160,000 of them until each slot has one.
    private static string[] FindTags()
    {
        var tags = new string[SlotSet.Slots];
        for (var (number, missing) = (0, tags.Length); missing > 0; number++)
        {
            var text = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            ref var tag = ref tags[Of(text)];
            if (tag is not null)
                continue;
            tag = text;
            missing--;
        }

        return tags;
    }
}
