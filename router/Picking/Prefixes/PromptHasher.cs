using System.Buffers;
using System.IO.Hashing;

namespace Ops.Picking;

/// <summary>
/// Turns a prompt into a chain of block hashes while its text passes by: hash n covers everything up to the end of block
/// n, so two prompts share hash n exactly when their first n blocks are equal. Feed messages in order; a conversation
/// that grows then keeps the hashes that it had.
/// </summary>
/// <remarks>
/// A block is 512 tokens, as in Mooncake. Tokens are estimated as 4 bytes of text, so a block is 2,048 bytes as they
/// stand in the request, escapes included: no tokenizer runs here, and the engine's own blocks end elsewhere. What counts
/// is that equal beginnings give equal hashes. The last, unfinished block has none.
/// </remarks>
public struct PromptHasher
{
    /// <summary>Tokens in a block.</summary>
    public const int BlockTokens = 512;

    /// <summary>Bytes of text that are taken for one token.</summary>
    public const int BytesPerToken = 4;

    /// <summary>Hashes kept of one prompt: 256 x 512 = 131,072 tokens. What comes after is the engine's to compare.</summary>
    public const int MaxBlocks = 256;

    private const int BlockBytes = BlockTokens * BytesPerToken;

    private ulong _state;
    private int _filled;
    private ulong[]? _blocks;
    private int _count;

    /// <summary>The chain so far. Valid until <see cref="Release"/>.</summary>
    public readonly ReadOnlyMemory<ulong> Blocks => _blocks.AsMemory(0, _count);

    /// <summary>Hash of everything fed so far.</summary>
    public readonly ulong State => _state;

    /// <summary>Takes in text that the model reads.</summary>
    public void Append(ReadOnlySpan<byte> text)
    {
        while (text.Length >= BlockBytes - _filled)
        {
            var rest = BlockBytes - _filled;
            Mix(text[..rest]);
            text = text[rest..];
            _filled = 0;
            Close();
        }

        Mix(text);
        _filled += text.Length;
    }

    /// <summary>Takes in one token that the client sent as a number.</summary>
    /// <param name="digits">The number as it stands in the request.</param>
    public void AppendToken(ReadOnlySpan<byte> digits)
    {
        Mix(digits);
        _filled += BytesPerToken;
        if (_filled < BlockBytes)
            return;
        _filled = 0;
        Close();
    }

    /// <summary>Takes in what tells prompts apart but is no text of its own: a role, a tool's name, an image.</summary>
    public void Mix(ReadOnlySpan<byte> bytes) => _state = KeyHash.Combine(_state, XxHash3.HashToUInt64(bytes));

    /// <summary>Gives the chain's memory back.</summary>
    public void Release()
    {
        if (_blocks is not null)
            ArrayPool<ulong>.Shared.Return(_blocks);
        (_blocks, _count) = (null, 0);
    }

    private void Close()
    {
        if (_count == MaxBlocks)
            return;
        if (_blocks is null)
            _blocks = ArrayPool<ulong>.Shared.Rent(16);
        else if (_count == _blocks.Length)
            Grow();
        _blocks[_count++] = _state;
    }

    private void Grow()
    {
        var larger = ArrayPool<ulong>.Shared.Rent(_count * 2);
        _blocks.AsSpan(0, _count).CopyTo(larger);
        ArrayPool<ulong>.Shared.Return(_blocks!);
        _blocks = larger;
    }
}
