using System.Text;

namespace Ops.Storage.Slots;

/// <summary>The slot of a key: CRC16 (XMODEM: polynomial 0x1021, from 0) of the key, or of what stands in its first pair of braces, modulo 16384. Source: Redis Cluster specification, "Key distribution model" and "Hash tags".</summary>
public static class HashSlot
{
    /// <summary>The slot of a key.</summary>
    public static int Of(string key) => Of(Encoding.UTF8.GetBytes(key));

    /// <summary>The slot of a key, which may be any bytes.</summary>
    public static int Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        var length = open < 0 ? -1 : key[(open + 1)..].IndexOf((byte)'}');
        var crc = 0;
        foreach (var letter in length > 0 ? key.Slice(open + 1, length) : key)
        {
            crc ^= letter << 8;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            crc &= 0xFFFF;
        }

        return crc % SlotSet.Slots;
    }
}
