using System.Globalization;
using System.Net;
using System.Text;

namespace Ops.Bench.Router;

/// <summary>What is sent: the requests of every case, as bytes on the wire.</summary>
internal static class Wire
{
    /// <summary>Chunks of a stream.</summary>
    internal const int Chunks = 64;

    /// <summary>Stands before the time at which the upstream sent a chunk, 19 digits of a monotonic clock.</summary>
    internal const string TimeKey = "\"t\":\"";

    /// <summary>The model that clients name.</summary>
    internal const string Model = "chat";

    internal const string Path = "/v1/chat/completions";

    /// <summary>A chat request whose body has about the given size.</summary>
    /// <param name="target">Whom it goes to.</param>
    /// <param name="bodyBytes">Size of the JSON.</param>
    /// <param name="streamPaceMs">Milliseconds between chunks; null for one answer in one piece.</param>
    internal static byte[] Request(Contender target, int bodyBytes, int? streamPaceMs = null)
    {
        var head = streamPaceMs is { } pace
            ? $$"""{"model":"{{Model}}","stream":true,"pace_ms":{{pace}},"messages":[{"role":"user","content":"""
            : $$"""{"model":"{{Model}}","messages":[{"role":"user","content":""";
        const string Text = "The quick brown fox jumps over the lazy dog; what does it cost him? ";
        var prompt = new StringBuilder(head).Append('"');
        while (prompt.Length < bodyBytes - 4)
            prompt.Append(Text.AsSpan(0, Math.Min(Text.Length, bodyBytes - 4 - prompt.Length)));
        prompt.Append("\"}]}");
        var lines = string.Concat(target.Headers.Select(h => $"{h.Name}: {h.Value}\r\n"));
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST {Path} HTTP/1.1\r\nHost: {target.Address}\r\nContent-Type: application/json\r\nContent-Length: {prompt.Length}\r\n{lines}\r\n{prompt}"));
    }

    /// <summary>One of many addresses of the same upstream: 127.0.0.1, then 127.2.0.1 and so on.</summary>
    internal static IPEndPoint Replica(int index, int port) =>
        new(index == 0 ? IPAddress.Loopback : new IPAddress([127, 2, (byte)(index / 250), (byte)((index % 250) + 1)]), port);
}

/// <summary>One way to the upstream.</summary>
/// <param name="Key">Part of the figures' keys.</param>
/// <param name="Label">For people.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="ProcessId">Whose CPU time counts; 0 when nothing stands between.</param>
/// <param name="Headers">What its clients send beside the usual.</param>
/// <param name="Streams">Whether its streaming works.</param>
internal sealed record Contender(string Key, string Label, IPEndPoint Address, int ProcessId, (string Name, string Value)[] Headers, bool Streams = true);
