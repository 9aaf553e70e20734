using System.Net;
using Microsoft.Extensions.Logging;
using Ops.Cli.Terminal;
using Ops.Sandbox.Api;
using Ops.Sandbox.Node;

namespace Ops.Cli.Up;

/// <summary>The running sandbox: API server and machines, in the order in which they start and, reversed, stop.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly SandboxNode node;

    private Fleet(ApiServer server, SandboxNode node)
    {
        Server = server;
        this.node = node;
    }

    /// <summary>The API server.</summary>
    public ApiServer Server { get; }

    /// <summary>Addresses that could not be listened on, each with its reason.</summary>
    public IReadOnlyCollection<string> Problems => node.Problems;

    /// <summary>Starts both.</summary>
    /// <exception cref="UserError">A port or an address cannot be used.</exception>
    public static async Task<Fleet> StartAsync(UpOptions options, StateFolder state, LoopbackRanges addresses, Board board, ILoggerFactory log, TimeProvider time, CancellationToken cancellation)
    {
        var images = Machines.Images();
        ApiServer server;
        try
        {
            server = await ApiServer.StartAsync(
                new ApiServerOptions
                {
                    Port = options.ApiPort,
                    StatePath = state.Database,
                    ServiceAddressRange = IPNetwork.Parse(addresses.Services),
                    TimeProvider = time,
                    LoggerFactory = log,
                },
                cancellation);
        }
        catch (IOException error)
        {
            throw new UserError($"The API server cannot listen on 127.0.0.1:{options.ApiPort} ({error.Message}); choose another port with --api-port.");
        }

        board.Done("api server", server.Url);
        try
        {
            var nodes = Machines.Nodes(options.GpuNodes);
            var started = await SandboxNode.StartAsync(server, new NodeOptions
            {
                Nodes = nodes,
                Images = images,
                WorkDirectory = state.Pods,
                PodAddressRange = addresses.Pods,
                ServiceAddressRange = addresses.Services,
                TimeProvider = time,
                LoggerFactory = log,
            }, cancellation);
            board.Done("nodes", string.Join(", ", nodes.Select(machine => machine.Gpus > 0 ? $"{machine.Name} ({machine.Gpus} GPUs)" : machine.Name)));
            return new Fleet(server, started);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Pods first: while they end they may still speak to the API server.
        await node.DisposeAsync();
        await Server.DisposeAsync();
    }
}
