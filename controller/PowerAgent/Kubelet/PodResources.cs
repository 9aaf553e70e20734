using System.Net.Sockets;
using Google.Protobuf;
using Ops.PowerAgent.Gpus;
using Grpc.Core;
using Grpc.Net.Client;

namespace Ops.PowerAgent.Kubelet;

/// <summary>Which GPUs the kubelet has given to which pod, as it tells local agents over its socket (v1.PodResourcesLister).</summary>
internal sealed class PodResources : IDisposable
{
    private static readonly Marshaller<byte[]> Raw = Marshallers.Create(bytes => bytes, bytes => bytes);
    private static readonly Method<byte[], byte[]> List = new(MethodType.Unary, "v1.PodResourcesLister", "List", Raw, Raw);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _socket;
    private readonly GrpcChannel _channel;
    private readonly TimeProvider _time;

    internal PodResources(string socket, TimeProvider time)
    {
        (_socket, _time) = (socket, time);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };
        _channel = GrpcChannel.ForAddress("http://kubelet", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }

    /// <summary>Device ids by pod (namespace/name), of one resource, for example nvidia.com/gpu.</summary>
    /// <exception cref="GpuException">The kubelet does not answer.</exception>
    internal async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> DevicesAsync(string resource, CancellationToken cancellation)
    {
        try
        {
            var options = new CallOptions(deadline: _time.GetUtcNow().UtcDateTime + Patience, cancellationToken: cancellation);
            return Read(await _channel.CreateCallInvoker().AsyncUnaryCall(List, null, options, []), resource);
        }
        catch (RpcException error) when (!cancellation.IsCancellationRequested)
        {
            throw new GpuException($"the kubelet's {_socket} does not tell which pod has which GPU: {error.Status.Detail}");
        }
        catch (InvalidProtocolBufferException)
        {
            throw new GpuException($"the kubelet's {_socket} answers something else than ListPodResourcesResponse");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    /// <summary>
    /// Reads the message field by field; what a newer kubelet adds is skipped.
    /// ListPodResourcesResponse { 1: PodResources }, PodResources { 1: name, 2: namespace, 3: ContainerResources },
    /// ContainerResources { 2: ContainerDevices }, ContainerDevices { 1: resource_name, 2: device_ids }
    /// </summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<string>> Read(byte[] message, string resource)
    {
        var result = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var pod in Fields(message).Where(field => field.Number == 1))
        {
            var fields = Fields(pod.Bytes);
            string[] devices = [.. fields.Where(field => field.Number == 3).SelectMany(container => Fields(container.Bytes)).Where(field => field.Number == 2)
                .Select(devices => Fields(devices.Bytes)).Where(given => Text(given, 1) == resource).SelectMany(given => given.Where(field => field.Number == 2).Select(field => Utf8(field.Bytes)))];
            if (devices.Length > 0)
                result[$"{Text(fields, 2)}/{Text(fields, 1)}"] = devices;
        }

        return result;
    }

    private static List<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, byte[])>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag && tag != 0)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                fields.Add((WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray()));
            else
                input.SkipLastField();
        }

        return fields;
    }

    private static string Text(List<(int Number, byte[] Bytes)> fields, int number) => fields.Where(field => field.Number == number).Select(field => Utf8(field.Bytes)).FirstOrDefault() ?? "";

    private static string Utf8(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
