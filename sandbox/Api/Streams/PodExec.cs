using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ops.Sandbox.Api.Http;
using Ops.Sandbox.Api.Resources;
using Ops.Sandbox.Api.Subresources;

namespace Ops.Sandbox.Api.Streams;

/// <summary>
/// pods/exec over WebSocket: binary frames whose first byte is the channel (0 stdin, 1 stdout, 2 stderr, 3 result,
/// 4 resize, 255 close of a channel in version 5).
/// </summary>
internal sealed class PodExec(ObjectReader reader, Func<INodeStreams?> streams, CancellationToken stopping) : ISubresourceHandler
{
    private const string V5 = "v5.channel.k8s.io";

    private const string V4 = "v4.channel.k8s.io";

    private const int MaxFrame = 64 * 1024;

    public bool Serves(ServedResource resource, string subresource) => resource.Storage == Known.Pods && subresource == "exec";

    public async Task ServeAsync(HttpContext context, ServedResource resource, RequestInfo info)
    {
        var query = context.Request.Query;
        var pod = reader.Get(resource, info.Namespace, info.Name).Parse();
        var container = PodContainers.Choose(pod, query["container"].ToString());
        var command = query["command"].OfType<string>().ToList();
        if (command.Count == 0) throw Errors.BadRequest("you must specify at least 1 command for the container");
        if (QueryOptions.IsTrue(query["tty"])) throw Errors.BadRequest("the sandbox runs commands without a terminal; leave out -t");
        if (!context.WebSockets.IsWebSocketRequest) throw Errors.BadRequest("Upgrade request required");
        if (pod.At("status", "phase").AsText() is "Succeeded" or "Failed") throw Errors.BadRequest($"cannot exec into a container in a completed pod; current phase is {pod.At("status", "phase").AsText()}");
        var node = streams() ?? throw Errors.ServiceUnavailable("no node serves exec yet");
        var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(p => p is V5 or V4);
        if (protocol is null && context.WebSockets.WebSocketRequestedProtocols.Count > 0)
            throw Errors.ForbiddenPath($"none of the requested protocols is supported: {V5}, {V4}");
        using var socket = await context.WebSockets.AcceptWebSocketAsync(protocol);
        await RunAsync(socket, node, info, container, command, QueryOptions.IsTrue(query["stdin"]), context.RequestAborted);
    }

    private async Task RunAsync(WebSocket socket, INodeStreams node, RequestInfo info, string container, List<string> command, bool wantsInput, CancellationToken aborted)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(aborted, stopping);
        using var gate = new SemaphoreSlim(1, 1);
        var input = new Pipe(new PipeOptions(pauseWriterThreshold: MaxFrame * 4, resumeWriterThreshold: MaxFrame));
        var receiving = ReceiveAsync(socket, input.Writer, end);
        await using var stdout = new ChannelStream(socket, gate, 1);
        await using var stderr = new ChannelStream(socket, gate, 2);
        await stdout.WriteAsync(ReadOnlyMemory<byte>.Empty, end.Token);
        JsonObject result;
        try
        {
            var code = await node.ExecAsync(info.Namespace, info.Name, container, command, wantsInput ? input.Reader.AsStream() : null, stdout, stderr, end.Token);
            result = Result(code);
        }
        catch (ApiException e)
        {
            result = Responses.StatusJson(e.Status);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            return;
        }

        await using (var channel = new ChannelStream(socket, gate, 3))
            await channel.WriteAsync(Encoding.UTF8.GetBytes(result.ToJsonString(JsonText.Compact)), end.Token);
        await gate.WaitAsync(end.Token);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", end.Token);
        gate.Release();
        await Task.WhenAny(receiving, Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, end.Token));
        await end.CancelAsync();
        await receiving;
    }

    private static JsonObject Result(int code)
    {
        if (code == 0) return new JsonObject { ["metadata"] = new JsonObject(), ["status"] = "Success" };
        return new JsonObject
        {
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = $"command terminated with non-zero exit code: error executing command, exit code {code}",
            ["reason"] = "NonZeroExitCode",
            ["details"] = new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ExitCode", ["message"] = code.ToString() }) },
        };
    }

    private static async Task ReceiveAsync(WebSocket socket, PipeWriter input, CancellationTokenSource end)
    {
        var buffer = new byte[MaxFrame];
        try
        {
            while (true)
            {
                var (count, ended) = await ReadFrameAsync(socket, buffer, end.Token);
                if (ended) break;
                if (count > 1 && buffer[0] == 0) await input.WriteAsync(buffer.AsMemory(1, count - 1), end.Token);
                else if (count == 2 && buffer[0] == 255 && buffer[1] == 0) await input.CompleteAsync();
            }

            if (socket.State == WebSocketState.CloseReceived) await end.CancelAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or InvalidOperationException)
        {
            // The client is gone; the command is ended with it.
        }
        finally
        {
            await input.CompleteAsync();
        }
    }

    /// <summary>One message, cut at the buffer's size: what is longer continues as the same channel's next piece.</summary>
    private static async Task<(int Count, bool Ended)> ReadFrameAsync(WebSocket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        var count = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(count), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close) return (0, true);
            count += part.Count;
            if (part.EndOfMessage) return (count, false);
            if (count == buffer.Length) throw new WebSocketException(WebSocketError.InvalidMessageType, $"frames are limited to {MaxFrame} bytes");
        }
    }

    /// <summary>Frames what is written as one channel's messages.</summary>
    private sealed class ChannelStream(WebSocket socket, SemaphoreSlim gate, byte channel) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var frame = new byte[buffer.Length + 1];
            frame[0] = channel;
            buffer.CopyTo(frame.AsMemory(1));
            await gate.WaitAsync(cancellationToken);
            try
            {
                await socket.SendAsync(frame, WebSocketMessageType.Binary, WebSocketMessageFlags.EndOfMessage, cancellationToken);
            }
            finally
            {
                gate.Release();
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override void Flush()
        {
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
