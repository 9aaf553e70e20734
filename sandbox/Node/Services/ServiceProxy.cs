using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Objects;

namespace Ops.Sandbox.Node.Services;

/// <summary>Listens on every cluster address and node port and forwards to ready endpoints, as kube-proxy makes the kernel do.</summary>
internal sealed partial class ServiceProxy : IAsyncDisposable
{
    /// <summary>A port that is taken is tried again this often.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(2);

    private readonly ClusterState state;
    private readonly IPNetwork range;
    private readonly ILogger logger;
    private readonly ReconcileLoop loop;

    // One listener a port of a Service, two for a NodePort: bounded by the Services stored.
    private readonly Dictionary<ObjectName, Dictionary<IPEndPoint, ServiceForwarder>> listeners = [];
    private readonly ConcurrentDictionary<string, string> problems = new(StringComparer.Ordinal);

    public ServiceProxy(ClusterState state, string range, ILogger logger)
    {
        this.state = state;
        this.range = IPNetwork.Parse(range);
        this.logger = logger;
        loop = new ReconcileLoop("service proxy", LookAt, state.Clock, logger);
        state.Services.Changed += (before, after) => loop.Enqueue(new ObjectName((after ?? before)!.Metadata.NamespaceProperty, (after ?? before)!.Metadata.Name));
        state.EndpointSlices.Changed += (before, after) =>
        {
            if ((after ?? before)!.Metadata is { Labels: { } labels } metadata && labels.TryGetValue(EndpointSlicePlanner.ServiceLabel, out var service))
                loop.Enqueue(new ObjectName(metadata.NamespaceProperty, service));
        };
    }

    /// <summary>Addresses that could not be listened on, each with its reason; for whoever starts the sandbox.</summary>
    public IReadOnlyCollection<string> Problems => [.. problems.Values];

    public async ValueTask DisposeAsync()
    {
        await loop.DisposeAsync();
        foreach (var forwarder in listeners.Values.SelectMany(map => map.Values))
            await forwarder.DisposeAsync();
    }

    private TimeSpan? LookAt(ObjectName key)
    {
        var service = state.Services.Get(key.Namespace, key.Name);
        var wanted = service is null ? [] : Wanted(service);
        if (!listeners.TryGetValue(key, out var present))
            listeners[key] = present = [];
        foreach (var (address, forwarder) in present.Where(pair => !wanted.ContainsKey(pair.Key)).ToList())
        {
            present.Remove(address);
            // Open connections end with their Service; nobody waits for them here.
            _ = forwarder.DisposeAsync().AsTask();
        }
        TimeSpan? again = null;
        foreach (var (address, targets) in wanted)
        {
            if (!present.TryGetValue(address, out var forwarder))
            {
                if (Listen(service!, address) is not { } made)
                {
                    again = Retry;
                    continue;
                }
                present[address] = forwarder = made;
            }
            forwarder.Target(targets);
        }
        if (present.Count == 0 && again is null)
            listeners.Remove(key);
        foreach (var gone in problems.Keys.Where(problem => problem.StartsWith($"{key}|", StringComparison.Ordinal) && !wanted.Keys.Any(address => problem == $"{key}|{address}")))
            problems.TryRemove(gone, out _);
        return again;
    }

    private ServiceForwarder? Listen(V1Service service, IPEndPoint address)
    {
        var key = $"{service.Metadata.NamespaceProperty}/{service.Metadata.Name}|{address}";
        try
        {
            var made = new ServiceForwarder(address, state.Clock);
            problems.TryRemove(key, out _);
            return made;
        }
        catch (SocketException problem)
        {
            var message = problem.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"port {address.Port} on {address.Address} is taken by another process; Service {service.Metadata.NamespaceProperty}/{service.Metadata.Name} cannot be reached there"
                : $"cannot listen on {address} for Service {service.Metadata.NamespaceProperty}/{service.Metadata.Name}: {problem.Message}";
            if (problems.TryAdd(key, message))
            {
                Log.NotListening(logger, message);
                state.Events.Tell(new Narration(References.To(service), "service-proxy", "PortUnavailable", message, "Warning"));
            }
            return null;
        }
    }

    private Dictionary<IPEndPoint, IReadOnlyList<IPEndPoint>> Wanted(V1Service service)
    {
        var wanted = new Dictionary<IPEndPoint, IReadOnlyList<IPEndPoint>>();
        if (service.Metadata.DeletionTimestamp is not null || service.Spec.Type == "ExternalName")
            return wanted;
        var slices = state.EndpointSlices.In(service.Metadata.NamespaceProperty)
            .Where(slice => slice.Metadata.Labels is { } labels && labels.TryGetValue(EndpointSlicePlanner.ServiceLabel, out var name) && name == service.Metadata.Name)
            .ToList();
        foreach (var port in (service.Spec.Ports ?? []).Where(port => port.Protocol is null or "TCP"))
        {
            var targets = Targets(slices, port);
            if (IPAddress.TryParse(service.Spec.ClusterIP, out var cluster) && range.Contains(cluster))
                wanted[new IPEndPoint(cluster, port.Port)] = targets;
            if (port.NodePort is > 0 and var node)
                wanted[new IPEndPoint(IPAddress.Loopback, node)] = targets;
        }
        return wanted;
    }

    /// <summary>Ready endpoints; when there is none, those that still serve while they end.</summary>
    private static IReadOnlyList<IPEndPoint> Targets(List<V1EndpointSlice> slices, V1ServicePort port)
    {
        var ready = new SortedSet<(string Address, int Port)>();
        var serving = new SortedSet<(string Address, int Port)>();
        foreach (var slice in slices)
        {
            if (slice.Ports?.FirstOrDefault(one => (one.Name ?? string.Empty) == (port.Name ?? string.Empty))?.Port is not { } number)
                continue;
            foreach (var endpoint in slice.Endpoints ?? [])
            {
                if (endpoint.Conditions?.Ready != false)
                    ready.Add((endpoint.Addresses[0], number));
                else if (endpoint.Conditions is { Serving: true, Terminating: true })
                    serving.Add((endpoint.Addresses[0], number));
            }
        }
        return [.. (ready.Count > 0 ? ready : serving).Select(target => new IPEndPoint(IPAddress.Parse(target.Address), target.Port))];
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Problem}")]
        public static partial void NotListening(ILogger logger, string problem);
    }
}
