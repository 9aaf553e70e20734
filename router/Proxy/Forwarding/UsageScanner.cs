using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Ops.Router;

/// <summary>
/// Finds the usage object of an OpenAI response in bytes that pass in pieces:
/// ..."usage":{"prompt_tokens":12,"completion_tokens":34,"total_tokens":46}...
/// or, of the Responses API, ..."usage":{"input_tokens":12,"output_tokens":34,...}...
/// The last one wins. Text that a model wrote cannot look like it: its quotes are escaped.
/// </summary>
internal struct UsageScanner
{
    // vLLM's usage with token details has about 160 bytes; what is longer is not kept and not believed.
    private const int Capacity = 512;

    // No model of today answers with more; a figure beyond it is a lie that would distort sums.
    private const int MostTokens = 10_000_000;

    private static ReadOnlySpan<byte> Key => "\"usage\""u8;

    private Captured _captured;
    private int _length;
    private int _matched;
    private int _depth;
    private State _state;

    private enum State
    {
        Searching,
        Before,
        Inside,
    }

    /// <summary>Prompt tokens as reported; null until seen.</summary>
    internal int? PromptTokens { get; private set; }

    /// <summary>Completion tokens as reported; null until seen.</summary>
    internal int? CompletionTokens { get; private set; }

    internal void OnBytes(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            if (_state == State.Searching)
            {
                var next = BytePattern.IndexAfter(Key, piece, ref _matched);
                if (next < 0)
                    return;
                piece = piece[next..];
                _state = State.Before;
                continue;
            }

            OnByte(piece[0]);
            piece = piece[1..];
        }
    }

    private void OnByte(byte value)
    {
        if (_state == State.Before)
        {
            // "usage" : {   or   "usage":null, which vLLM writes in every chunk but the last.
            if (value is (byte)':' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                return;
            (_state, _depth, _length) = (value == (byte)'{' ? State.Inside : State.Searching, 0, 0);
            if (_state == State.Searching)
                return;
        }

        if (_length == Capacity)
        {
            _state = State.Searching;
            return;
        }

        _captured[_length++] = value;
        // The object holds numbers and objects of numbers; a brace inside a string would only end it early, and then
        // it fails to parse.
        if (value == (byte)'{')
            _depth++;
        else if (value == (byte)'}' && --_depth == 0)
            Finish();
    }

    private void Finish()
    {
        _state = State.Searching;
        var reader = new Utf8JsonReader(((ReadOnlySpan<byte>)_captured)[.._length]);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isPrompt = reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8);
                var isCompletion = reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8);
                reader.Read();
                if (isPrompt)
                    PromptTokens = Tokens(ref reader) ?? PromptTokens;
                else if (isCompletion)
                    CompletionTokens = Tokens(ref reader) ?? CompletionTokens;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Not an object after all; the counts stay as they were.
        }
    }

    private static int? Tokens(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) && value is >= 0 and <= MostTokens ? value : null;

    [InlineArray(Capacity)]
    private struct Captured
    {
        private byte _first;
    }
}
