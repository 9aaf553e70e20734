using System.Net;
using System.Net.Sockets;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;

namespace Ops.Storage.Tests;

/// <summary>Who answers anything at all lives; who only takes connections does not.</summary>
public sealed class LifeSignTests
{
    private static readonly TimeSpan Within = TimeSpan.FromMilliseconds(500);

    [Theory]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n")]
    [InlineData("")] // it closes
    public async Task A_node_that_answers_with_an_error_or_closes_is_not_mute(string answer)
    {
        using var listener = Listen();
        var serving = ServeAsync(listener, answer);

        // Its answer may take its time on a busy machine.
        (await new LifeSigns(TimeProvider.System).LookAsync([At(listener)], TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).ShouldBeEmpty();
        await serving;
    }

    [Fact]
    public async Task A_node_that_takes_connections_and_says_nothing_is_mute()
    {
        using var listener = Listen();

        (await new LifeSigns(TimeProvider.System).LookAsync([At(listener)], Within, TestContext.Current.CancellationToken)).ShouldContainKey("a");
    }

    [Fact]
    public async Task A_node_that_takes_no_connection_is_mute()
    {
        var listener = Listen();
        var at = At(listener);
        listener.Dispose();

        (await new LifeSigns(TimeProvider.System).LookAsync([at], Within, TestContext.Current.CancellationToken)).ShouldContainKey("a");
    }

    [Fact]
    public async Task Nobody_is_mute_where_all_answered_the_last_look()
    {
        using var listener = Listen();
        var signs = new LifeSigns(TimeProvider.System);
        await signs.LookAsync([At(listener)], Within, TestContext.Current.CancellationToken);

        (await signs.LookAsync([], Within, TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static KeyValuePair<string, StoreAddress> At(TcpListener listener) => new("a", new StoreAddress("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port));

    private static async Task ServeAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.ReadExactlyAsync(new byte[14], TestContext.Current.CancellationToken);
        if (answer.Length > 0)
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer), TestContext.Current.CancellationToken);
    }
}
