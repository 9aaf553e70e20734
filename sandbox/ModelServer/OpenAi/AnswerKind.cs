using System.Buffers;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.OpenAi;

/// <summary>What kind of answer a request wants, by the path it asks at.</summary>
internal enum AnswerKind
{
    Chat,
    Completion,
    Response,
}

/// <summary>How an answer is written: token by token as events, or whole.</summary>
internal interface IAnswerFormat
{
    /// <summary>The tokens from <paramref name="from"/> up to <paramref name="to"/>, one event each.</summary>
    void Tokens(IBufferWriter<byte> output, int from, int to);

    /// <summary>The events that end the stream properly.</summary>
    void End(IBufferWriter<byte> output, FinishReason reason, int tokens);

    /// <summary>The last event of an answer that the server itself broke off.</summary>
    void Broken(IBufferWriter<byte> output);

    /// <summary>The whole answer in one object.</summary>
    string Whole();
}
