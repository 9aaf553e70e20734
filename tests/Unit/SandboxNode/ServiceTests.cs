using System.Net;
using System.Net.Sockets;
using System.Text;
using k8s.Models;
using Ops.Sandbox.Node.Services;
using Ops.Testing;

namespace Ops.SandboxNode.Tests;

public sealed class ServiceTests
{
    [Fact]
    public async Task A_service_lists_ready_pods_and_forwards_to_them()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.CreatePod("web", spec => spec.Containers[0].Ports = [new V1ContainerPort { Name = "http", ContainerPort = 8080 }]);
        var service = sandbox.Client.Create(Make.Service("web", 80, "http"));
        var pod = await sandbox.ExpectPodAsync("web", one => one.Status?.PodIP is not null, "an address");
        await sandbox.ExpectAsync(() => sandbox.Client.List<V1EndpointSlice>("default").Any(one => one.Endpoints is [{ Conditions.Ready: true }]), "one ready endpoint");
        var slice = sandbox.Client.List<V1EndpointSlice>("default").Single(one => one.Endpoints.Count > 0);
        slice.Endpoints[0].Addresses.ShouldBe([pod.Status.PodIP]);
        slice.Endpoints[0].TargetRef.Name.ShouldBe("web");
        (slice.Ports[0].Name, slice.Ports[0].Port).ShouldBe(("http", 8080));
        slice.Metadata.Labels["kubernetes.io/service-name"].ShouldBe("web");
        slice.Metadata.Name.ShouldStartWith("web-");

        // The pod runs a shell that cannot serve, so the test serves on the pod's address in its place.
        using var server = new TcpListener(IPAddress.Parse(pod.Status.PodIP), 8080);
        server.Start();
        var serving = EchoAllAsync(server);
        // A connection alone proves nothing: the forwarder resets it while it does not know the pod yet.
        await sandbox.ExpectAsync(() => Echoes(service.Spec.ClusterIP, 80), "the cluster address reaches the pod");
        server.Stop();
        await serving;
    }

    [Fact]
    public async Task A_taken_node_port_is_told_as_event_and_problem_and_taken_over_when_free()
    {
        await using var sandbox = await Sandbox.StartAsync();
        var port = FreePort.ForNode();
        using var squatter = new TcpListener(IPAddress.Loopback, port);
        squatter.Start();
        var service = Make.Service("web", 80, 8080);
        service.Spec.Type = "NodePort";
        service.Spec.Ports[0].NodePort = port;
        sandbox.Client.Create(service);

        await sandbox.ExpectEventAsync("web", "PortUnavailable", $"port {port} on 127.0.0.1 is taken by another process");
        sandbox.Node.Problems.ShouldHaveSingleItem().ShouldContain($"port {port} on 127.0.0.1 is taken");
        squatter.Stop();
        await sandbox.ExpectAsync(() => sandbox.Node.Problems.Count == 0, "the port is taken over");
    }

    [Fact]
    public async Task A_forwarder_carries_half_closed_streams_and_counts_back_to_zero()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = FreePort.Any();
        await using var forwarder = new ServiceForwarder(new IPEndPoint(IPAddress.Loopback, port), TimeProvider.System);
        forwarder.Target([(IPEndPoint)server.LocalEndpoint]);
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            var own = client.GetStream();
            await own.WriteAsync("question"u8.ToArray(), TestContext.Current.CancellationToken);
            client.Client.Shutdown(SocketShutdown.Send);
            using var accepted = await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            var theirs = accepted.GetStream();
            using var reader = new StreamReader(theirs, leaveOpen: true);
            (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("question");
            await theirs.WriteAsync("answer"u8.ToArray(), TestContext.Current.CancellationToken);
            accepted.Client.Shutdown(SocketShutdown.Send);
            using var answer = new StreamReader(own);
            (await answer.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("answer");
        }
        while (forwarder.Open > 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_forwarder_without_endpoints_resets_its_clients()
    {
        var port = FreePort.Any();
        await using var forwarder = new ServiceForwarder(new IPEndPoint(IPAddress.Loopback, port), TimeProvider.System);
        using var client = new TcpClient();
        // The reset may come while connecting or at the first read.
        var problem = await Should.ThrowAsync<Exception>(async () =>
        {
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            await client.GetStream().ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        });

        (problem as SocketException ?? problem.InnerException as SocketException).ShouldNotBeNull().SocketErrorCode.ShouldBe(SocketError.ConnectionReset);
    }

    private static async Task EchoAllAsync(TcpListener server)
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(EchoAsync(await server.AcceptTcpClientAsync(TestContext.Current.CancellationToken)));
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            await Task.WhenAll(open);
        }
    }

    private static async Task EchoAsync(TcpClient connection)
    {
        using (connection)
        {
            try
            {
                await connection.GetStream().CopyToAsync(connection.GetStream(), TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                // A trial that was closed at once.
            }
        }
    }

    private static bool Echoes(string address, int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Parse(address), port);
            client.GetStream().Write("hello"u8);
            var answer = new byte[5];
            client.GetStream().ReadExactly(answer);
            return Encoding.UTF8.GetString(answer) == "hello";
        }
        catch (Exception reset) when (reset is SocketException or IOException)
        {
            return false;
        }
    }
}
