using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Ops.Api;
using Ops.Testing;

namespace Ops.RouterScenario;

/// <summary>Ten thousand clients that connect and then say nothing.</summary>
public sealed class IdleConnectionsTests
{
    private const int Wanted = 10_000;

    // What router and test need besides: engines' connections, logs, the API server.
    private const int OtherFiles = 1_000;

    // The bound that RouterOptions.MaxConnections gives is 10 KB each; the rest is what a garbage collector leaves for later.
    private const long MostBytesEach = 30_000;

    // A source address has 28,000 ports here, and those of earlier connections are not free at once.
    private static readonly IPAddress[] Sources = [.. Enumerable.Range(1, 8).Select(i => IPAddress.Parse($"127.0.9.{i}"))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_thousand_idle_connections_cost_bounded_memory_and_stand_in_nobodys_way()
    {
        var most = MostOpenFiles() - OtherFiles;
        Assert.SkipWhen(most < 1_000, $"a process may have only {most + OtherFiles} open files here; raise ulimit -n");
        var count = (int)Math.Min(Wanted, most);
        TestContext.Current.TestOutputHelper!.WriteLine($"{count} connections of {Wanted}: a process may have {most + OtherFiles} open files");
        await using var fleet = await ScenarioFleet.StartAsync(Cancellation);
        await fleet.ServeAsync(new ModelRouteSpec(), Cancellation, await fleet.StartServerAsync("127.0.0.1", FreePort.Any(), Cancellation));
        using var client = new Client(fleet.Router);
        await ExpectServedAsync(client);
        var router = fleet.Router.Router.Id;
        var before = ResidentBytes(router);

        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < count; i++)
                idle.Add(await ConnectAsync(fleet.Router.Address, Sources[i % Sources.Length]));
            await Until.TrueAsync(() => Task.FromResult(OpenFiles(router) >= count), "the router has not accepted them all", Cancellation);

            for (var i = 0; i < 20; i++)
                await ExpectServedAsync(client);
            var each = (ResidentBytes(router) - before) / count;
            TestContext.Current.TestOutputHelper!.WriteLine($"{each} bytes a connection");
            each.ShouldBeLessThan(MostBytesEach);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        await Until.TrueAsync(() => Task.FromResult(OpenFiles(router) < OtherFiles), "the router keeps connections whose clients are gone", Cancellation);
        await ExpectServedAsync(client);
    }

    private static async Task ExpectServedAsync(Client client)
    {
        using var response = await client.ChatAsync(1, stream: false, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint router, IPAddress source)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(source, 0));
        await socket.ConnectAsync(router, Cancellation);
        return socket;
    }

    // "Max open files            20000                20000                files": the soft limit, which the runtime raises to the hard one.
    private static long MostOpenFiles()
    {
        var words = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return long.TryParse(words[3], CultureInfo.InvariantCulture, out var soft) ? soft : long.MaxValue;
    }

    private static int OpenFiles(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    // "VmRSS:	  123456 kB".
    private static long ResidentBytes(int process)
    {
        var words = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(words[1], CultureInfo.InvariantCulture) * 1024;
    }
}
