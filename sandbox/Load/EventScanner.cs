using System.Text;
using System.Text.Json;

namespace Ops.Load;

/// <summary>
/// Picks what a measurement needs out of a stream of server-sent events, by bytes: where content came, the usage, errors and the
/// end mark. Input may be cut anywhere.
/// </summary>
internal sealed class EventScanner
{
    // An event of a token is about 250 bytes; the longest sensible one is far below this.
    private const int MaxLine = 64 * 1024;

    private byte[] _rest = new byte[512];
    private int _restLength;

    /// <summary>Events with content so far.</summary>
    public int Contents { get; private set; }

    /// <summary>The end mark has come.</summary>
    public bool Done { get; private set; }

    /// <summary>An error event or a broken one; null while all is well.</summary>
    public string? Error { get; private set; }

    /// <summary>Token counts of the usage event; null before it.</summary>
    public (int Prompt, int Completion)? Usage { get; private set; }

    /// <summary>Takes the next bytes of the stream.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is var end and >= 0)
        {
            if (_restLength == 0)
            {
                Line(bytes[..end]);
            }
            else
            {
                Keep(bytes[..end]);
                Line(_rest.AsSpan(0, _restLength));
                _restLength = 0;
            }
            bytes = bytes[(end + 1)..];
        }
        Keep(bytes);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_restLength + bytes.Length > MaxLine)
        {
            Error ??= $"an event is longer than {MaxLine} bytes";
            return;
        }
        if (_restLength + bytes.Length > _rest.Length)
            Array.Resize(ref _rest, Math.Max(_rest.Length * 2, _restLength + bytes.Length));
        bytes.CopyTo(_rest.AsSpan(_restLength));
        _restLength += bytes.Length;
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("data:"u8))
            return;
        var data = line[5..].Trim(" \r"u8);
        if (data.SequenceEqual("[DONE]"u8))
            Done = true;
        else if (HasText(data, "\"content\":\""u8) || HasText(data, "\"text\":\""u8))
            Contents++;
        else if (data.IndexOf("\"usage\":{"u8) >= 0)
            ReadUsage(data);
        else if (data.StartsWith("{\"error\":"u8))
            Error ??= Encoding.UTF8.GetString(data[..Math.Min(data.Length, 200)]);
    }

    // The first event of a chat has an empty content beside the role; it is not a token.
    private static bool HasText(ReadOnlySpan<byte> data, ReadOnlySpan<byte> key)
    {
        var at = data.IndexOf(key);
        return at >= 0 && at + key.Length < data.Length && data[at + key.Length] != '"';
    }

    private void ReadUsage(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            using var json = JsonDocument.ParseValue(ref reader);
            var usage = json.RootElement.GetProperty("usage");
            Usage = (usage.GetProperty("prompt_tokens").GetInt32(), usage.GetProperty("completion_tokens").GetInt32());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            Error ??= $"the usage event is broken: {e.Message}";
        }
    }
}
