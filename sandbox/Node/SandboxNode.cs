using Microsoft.Extensions.Logging;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node.Control;
using Ops.Sandbox.Node.Kubelet;
using Ops.Sandbox.Node.Scheduling;
using Ops.Sandbox.Node.Services;

namespace Ops.Sandbox.Node;

/// <summary>
/// Everything of a cluster that is not its API server: workload controllers, garbage collector, scheduler, kubelets that
/// run containers as processes of this machine, and a service proxy.
/// </summary>
public sealed partial class SandboxNode : IAsyncDisposable
{
    private readonly ApiServer server;
    private readonly ClusterState state;
    private readonly ProcessLauncher launcher;
    private readonly List<IAsyncDisposable> parts = [];
    private readonly List<NodeAgent> agents = [];
    private ServiceProxy? proxy;

    private SandboxNode(ApiServer server, ClusterState state, ProcessLauncher launcher)
    {
        this.server = server;
        this.state = state;
        this.launcher = launcher;
    }

    /// <summary>Addresses of Services that could not be listened on, each with its reason. Empty when all is well.</summary>
    public IReadOnlyCollection<string> Problems => proxy?.Problems ?? [];

    /// <summary>Starts the controllers and nodes on a server. Pods of an earlier run go on: same pods, new processes.</summary>
    /// <exception cref="ArgumentException">An address range that is not loopback.</exception>
    /// <exception cref="IOException">The work directory cannot be used.</exception>
    public static async Task<SandboxNode> StartAsync(ApiServer server, NodeOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();
        var own = options with { WorkDirectory = Path.GetFullPath(options.WorkDirectory) };
        var logger = own.LoggerFactory.CreateLogger<SandboxNode>();
        Directory.CreateDirectory(own.WorkDirectory);
        var leftovers = new Leftovers(own.WorkDirectory);
        if (leftovers.Clean() is > 0 and var killed)
            Log.Cleaned(logger, killed);

        var cluster = new ClusterState(server.Local, own.TimeProvider, logger);
        var starter = new ProcessLauncher();
        var node = new SandboxNode(server, cluster, starter);
        try
        {
            node.Begin(new KubeletContext(cluster, server, own, starter, leftovers, new AddressPool(own.PodAddressRange), logger));
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends every process that was started, then the controllers. The cluster's state stays in the server.</summary>
    public async ValueTask DisposeAsync()
    {
        server.NodeStreams = null;
        // Controllers first, so that nothing is started in place of what is being ended.
        foreach (var part in Enumerable.Reverse(parts))
            await part.DisposeAsync();
        await Task.WhenAll(agents.Select(agent => agent.DisposeAsync().AsTask()));
        state.Dispose();
        launcher.Dispose();
    }

    private void Begin(KubeletContext context)
    {
        // The parts subscribe before the caches fill, so that each sees every object at least once.
        var controllers = new Controllers(state, context.Logger);
        parts.Add(controllers);
        parts.Add(new SchedulerLoop(state, context.Logger));
        parts.Add(proxy = new ServiceProxy(state, context.Options.ServiceAddressRange, context.Logger));
        state.Start();
        controllers.MakeDefaultAccounts();
        controllers.MakeStorageClass();
        parts.Add(new GarbageCollector(state.Client, context.Clock, context.Logger));
        AbsentNodes.Remove(state, context.Options.Nodes);
        StaleFolders.Remove(context.Options.WorkDirectory, state.Pods.All().Select(pod => pod.Metadata.Uid).ToHashSet(StringComparer.Ordinal));
        // Every pod keeps its address before any new pod may take one.
        foreach (var pod in state.Pods.All().Where(pod => pod.Status?.PodIP is { Length: > 0 } && !Objects.Pods.IsTerminal(pod)))
            context.Addresses.TryReserve(pod.Status.PodIP, pod.Metadata.Uid);
        foreach (var spec in context.Options.Nodes)
        {
            var agent = new NodeAgent(context, spec);
            agents.Add(agent);
            agent.Start();
        }
        server.NodeStreams = new NodeStreams(context, agents);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "ended {Count} processes that an earlier run left behind")]
        public static partial void Cleaned(ILogger logger, int count);
    }
}
