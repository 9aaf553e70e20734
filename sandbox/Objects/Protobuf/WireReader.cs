using System.Text;

namespace Ops.Sandbox.Objects;

/// <summary>Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding/). Malformed input throws <see cref="FormatException"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Reads the next field: its number and, by wire type, a number or bytes. False at the end.</summary>
    public bool Next(out int number, out ulong value, out ReadOnlySpan<byte> bytes)
    {
        number = 0;
        value = 0;
        bytes = default;
        if (_rest.IsEmpty)
            return false;
        var tag = Varint();
        number = checked((int)(tag >> 3));
        switch (tag & 7)
        {
            case 0:
                value = Varint();
                return true;
            case 1:
                value = BitConverter.ToUInt64(Take(8));
                return true;
            case 2:
                bytes = Take(checked((int)Math.Min(Varint(), int.MaxValue)));
                return true;
            case 5:
                value = BitConverter.ToUInt32(Take(4));
                return true;
            default:
                throw new FormatException("unknown protobuf wire type");
        }
    }

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new FormatException("truncated protobuf message");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_rest.IsEmpty)
                break;
            var octet = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(octet & 0x7f) << shift;
            if (octet < 0x80)
                return value;
        }

        throw new FormatException("malformed protobuf number");
    }
}
