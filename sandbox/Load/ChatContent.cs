using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Ops.Traces;

namespace Ops.Load;

/// <summary>
/// Body of a streaming chat request whose prompt has exactly the wanted number of tokens, where a token is four bytes of text.
/// Prompts are cut from one shared text; each 512-token block begins with its own mark, so that equal blocks are equal text and
/// no other two prompts share a prefix.
/// </summary>
internal sealed class ChatContent : HttpContent
{
    public const int TokenBytes = 4;
    private const int BlockBytes = 512 * TokenBytes;
    private const int MarkBytes = 16;

    private static readonly byte[] Shared = MakeText(64 * 1024);
    private readonly byte[] _head;
    private readonly byte[] _tail;
    private readonly TraceRequest _request;
    private readonly int _index;
    private readonly ulong _salt;

    public ChatContent(string model, TraceRequest request, int index, ulong salt)
    {
        _request = request;
        _index = index;
        _salt = salt * 0x9E3779B97F4A7C15;
        _head = Encoding.UTF8.GetBytes($"{{\"model\":\"{JsonEncodedText.Encode(model)}\",\"messages\":[{{\"role\":\"user\",\"content\":\"");
        _tail = Encoding.UTF8.GetBytes(
            $"\"}}],\"max_tokens\":{request.GeneratedTokens},\"ignore_eos\":true,\"stream\":true,\"stream_options\":{{\"include_usage\":true}}}}");
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    private int PromptBytes => checked(_request.ContextTokens * TokenBytes);

    protected override bool TryComputeLength(out long length)
    {
        length = (long)_head.Length + PromptBytes + _tail.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var length = _head.Length + PromptBytes + _tail.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            _head.CopyTo(buffer, 0);
            WritePrompt(buffer.AsSpan(_head.Length, PromptBytes));
            _tail.CopyTo(buffer, _head.Length + PromptBytes);
            await stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WritePrompt(Span<byte> prompt)
    {
        for (var block = 0; block * BlockBytes < prompt.Length; block++)
        {
            var part = prompt[(block * BlockBytes)..Math.Min(prompt.Length, (block + 1) * BlockBytes)];
            var known = !_request.PrefixBlocks.IsDefault && block < _request.PrefixBlocks.Length;
            // Shared blocks and blocks of one request only have marks that cannot meet.
            var identity = known ? (uint)_request.PrefixBlocks[block] : (1UL << 62) | ((ulong)(uint)_index << 24) | (uint)block;
            WriteBlock(part, identity ^ _salt);
        }
    }

    private static void WriteBlock(Span<byte> part, ulong identity)
    {
        Span<byte> mark = stackalloc byte[MarkBytes];
        Utf8Formatter.TryFormat(identity, mark, out _, new StandardFormat('x', MarkBytes));
        var marked = Math.Min(MarkBytes, part.Length);
        mark[..marked].CopyTo(part);
        var offset = (int)(identity * 0x9E3779B97F4A7C15 % (ulong)(Shared.Length - BlockBytes));
        Shared.AsSpan(offset, part.Length - marked).CopyTo(part[marked..]);
    }

    private static byte[] MakeText(int length)
    {
        var text = new byte[length];
        var random = new Random(1);
        for (var i = 0; i < length; i++)
            text[i] = i % TokenBytes == TokenBytes - 1 ? (byte)' ' : (byte)('a' + random.Next(26));
        return text;
    }
}
