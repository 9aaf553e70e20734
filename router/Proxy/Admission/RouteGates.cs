using System.Collections.Concurrent;
using Ops.Picking;

namespace Ops.Router;

/// <summary>The gates of all routes. They outlive configurations, so that no change loses count of who is in or waits.</summary>
internal sealed class RouteGates
{
    private readonly ConcurrentDictionary<string, RouteGate> _byRoute = new(StringComparer.Ordinal);

    internal IEnumerable<KeyValuePair<string, RouteGate>> All => _byRoute;

    internal RouteGate Of(string route, GateSettings settings)
    {
        var gate = _byRoute.GetOrAdd(route, static (_, initial) => new RouteGate(initial), settings);
        gate.Settings = settings;
        return gate;
    }

    /// <summary>Forgets the gates of routes that are gone, once nobody is behind them.</summary>
    /// <returns>The forgotten routes.</returns>
    internal List<string> Prune(IReadOnlySet<string> routes)
    {
        var gone = _byRoute.Where(g => !routes.Contains(g.Key) && g.Value is { InFlight: 0, Waiting: 0 }).Select(g => g.Key).ToList();
        gone.ForEach(route => _byRoute.TryRemove(route, out _));
        return gone;
    }
}
