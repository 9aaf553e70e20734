using System.Net;
using Ops.Api;
using Ops.Testing;

namespace Ops.Bench.Router;

/// <summary>
/// The real router executable with everything switched on: configuration and API key from an API server, two
/// variants, metrics of the replicas read once a second, access log written to a file.
/// </summary>
internal sealed class RouterUnderTest : IAsyncDisposable
{
    private RouterUnderTest(RouterFleet fleet, string label)
    {
        Fleet = fleet;
        Contender = new Contender("ops", label, fleet.Address, fleet.Router.Id, [("Authorization", $"Bearer {RouterFleet.ApiKey}")]);
        Neighbour = Contender with { Headers = [("Authorization", $"Bearer {RouterFleet.NeighbourKey}")] };
    }

    /// <summary>How to reach it.</summary>
    internal Contender Contender { get; }

    /// <summary>The same with another tenant's key.</summary>
    internal Contender Neighbour { get; }

    /// <summary>Its configuration.</summary>
    internal RouterFleet Fleet { get; }

    /// <summary>Starts API server and router, and waits until a request would be served.</summary>
    /// <param name="label">For people.</param>
    /// <param name="replicas">The replicas of the better pool; the first is the other pool's too.</param>
    /// <param name="folder">For logs; it need not exist.</param>
    /// <param name="route">The route but for its variants.</param>
    /// <param name="cancellation">Gives up.</param>
    internal static async Task<RouterUnderTest> StartAsync(string label, IPEndPoint[] replicas, string folder, ModelRouteSpec route, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var fleet = await RouterFleet.StartAsync(folder, cancellation);
        try
        {
            fleet.CreatePool("large", replicas);
            fleet.CreatePool("small", replicas[0]);
            fleet.CreateRoute(Wire.Model, route, "large", "small");
            await fleet.StartRouterAsync(new Dictionary<string, string?>(), cancellation);
            var router = new RouterUnderTest(fleet, label);
            await Peers.UntilServedAsync(router.Contender, cancellation);
            return router;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Fleet.DisposeAsync();
}
