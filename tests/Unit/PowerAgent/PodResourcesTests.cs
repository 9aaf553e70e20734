using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Ops.PowerAgent.Gpus;
using Ops.PowerAgent.Kubelet;

namespace Ops.PowerAgent.Tests;

/// <summary>The kubelet's answer over its socket; the kubelet here is a fake that speaks gRPC.</summary>
public sealed class PodResourcesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ops-kubelet-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Socket => Path.Combine(_folder, "kubelet.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Devices_come_by_pod_and_other_resources_and_fields_are_left_out()
    {
        await using var kubelet = await FakeKubeletAsync(Message(
            (1, Message((1, "llama-0"), (2, "default"), (3, Message((1, "engine"), (2, Message((1, "nvidia.com/gpu"), (2, "GPU-a"), (2, "GPU-b"))), (2, Message((1, "rdma/nic"), (2, "mlx5"))))))),
            (1, Message((1, "web"), (2, "default"), (3, Message((1, "web"))), (9, "of a newer kubelet")))));
        using var resources = new PodResources(Socket, TimeProvider.System);

        var devices = await resources.DevicesAsync("nvidia.com/gpu", Cancellation);

        devices.Keys.ShouldBe(["default/llama-0"]);
        devices["default/llama-0"].ShouldBe(["GPU-a", "GPU-b"]);
    }

    [Fact]
    public async Task An_answer_that_is_something_else_is_named()
    {
        await using var kubelet = await FakeKubeletAsync([0xff, 0xff, 0xff]);
        using var resources = new PodResources(Socket, TimeProvider.System);

        (await Should.ThrowAsync<GpuException>(() => resources.DevicesAsync("nvidia.com/gpu", Cancellation))).Message.ShouldContain("answers something else");
    }

    [Fact]
    public async Task A_socket_that_is_not_there_is_named()
    {
        using var resources = new PodResources(Socket, TimeProvider.System);

        (await Should.ThrowAsync<GpuException>(() => resources.DevicesAsync("nvidia.com/gpu", Cancellation))).Message.ShouldContain(Socket);
    }

    private async Task<WebApplication> FakeKubeletAsync(byte[] message)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.MapPost("/v1.PodResourcesLister/List", async (HttpContext context) =>
        {
            context.Response.ContentType = "application/grpc";
            // A frame: not compressed, then the length in four bytes.
            byte[] length = BitConverter.GetBytes(message.Length);
            await context.Response.Body.WriteAsync((byte[])[0, .. BitConverter.IsLittleEndian ? length.Reverse() : length, .. message], Cancellation);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await app.StartAsync(Cancellation);
        return app;
    }

    private static byte[] Message(params (int Number, object Value)[] fields)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            foreach (var (number, value) in fields)
            {
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(value is byte[] bytes ? ByteString.CopyFrom(bytes) : ByteString.CopyFromUtf8((string)value));
            }
        }

        return stream.ToArray();
    }
}
